// `hepcapd trace`: takes one packet of a file through decode and routes, and prints each step with its values, and
// what would be stored and sent. It opens no socket and no database.

import { renderFault } from '../errors.js'
import { Log } from '../log.js'
import type { Effective } from '../options/settings.js'
import { soundRoutes } from '../route/load.js'
import { RouteLog } from '../route/xlog.js'
import { PacketPlace, refusedPacket } from '../trace/packet.js'
import { keysOf, listenerOf, reportOf, warningsOf } from '../trace/report.js'
import { jsonOf, reportLines } from '../trace/text.js'
import { type Output, processOutput } from './output.js'

export interface TraceOptions {
  /** `-` is standard input. */
  file: string
  /** Of a capture, from 1; 0 is the first that carries a message. */
  frame: number
  json: boolean
}

/**
 * Resolves to the exit status. Rejects with a RefusedError when there is no message, and with a UsageError for routes
 * that cannot be used.
 */
export async function trace(
  { settings, values }: Pick<Effective, 'settings' | 'values'>,
  { file, frame, json }: TraceOptions,
  output: Output = processOutput(),
): Promise<number> {
  const routes = await soundRoutes({ ...settings.routeSources, isTraced: true })
  for (const fault of routes.faults) output.err(renderFault(fault))
  const { readRange, tunnels, hepCaptureOn, listen } = settings
  const log = new Log(settings)
  const xlog = new RouteLog(log)
  const { firstPort, lastPort } = readRange
  const source = { file, frame, tunnels, firstPort, lastPort, keys: keysOf(settings) }
  const place = new PacketPlace()
  const reporting = place.with(
    source,
    (packet) => {
      const receiving = { hepCaptureOn, where: values.get('hep_capture_on')!.origin }
      for (const fault of warningsOf(file, packet, receiving)) output.err(renderFault(fault))
      const isLogged = (level: number) => xlog.isLogged(level)
      return reportOf(packet, file, { ...settings, isLogged, listener: listenerOf(packet, listen) }, routes)
    },
    (reading) => {
      throw refusedPacket(file, reading)
    },
  )
  const report = await reporting.finally(() => place.close())
  log.close()
  output.out(json ? JSON.stringify(jsonOf(report), null, 2) : reportLines(report).join('\n'))
  return 0
}
