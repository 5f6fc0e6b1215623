// `hepcapd trace`: takes one packet of a file through decode and routes, and prints each step with its values, and
// what would be stored and sent. It opens no socket and no database.

import { type Fault, renderFault } from '../errors.js'
import { hepNetName } from '../listen/protocols.js'
import { Log } from '../log.js'
import { dbUrl } from '../options/endpoints.js'
import type { Effective, Settings } from '../options/settings.js'
import { targetName } from '../relay/target.js'
import { soundRoutes } from '../route/load.js'
import { RouteLog } from '../route/xlog.js'
import { decoded, decodedChunks } from '../trace/decoded.js'
import { type TracedPacket, withPacket } from '../trace/packet.js'
import { reportLines, type TraceReport } from '../trace/text.js'
import { routed } from '../trace/trace.js'
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
  const { readRange, tunnels } = settings
  const log = new Log(settings)
  const xlog = new RouteLog(log)
  const source = { file, frame, tunnels, firstPort: readRange.firstPort, lastPort: readRange.lastPort }
  const report = await withPacket(source, async (packet): Promise<TraceReport> => {
    if (isShut(packet, settings)) output.err(renderFault(shut(values.get('hep_capture_on')!.origin)))
    if (packet.messages > 1) output.err(renderFault(moreThanOne(file, packet)))
    const message = decoded(packet.batch.message(0))
    const isLogged = (level: number) => xlog.isLogged(level)
    const result = await routed(
      packet,
      { ...settings, isLogged, listener: listenerOf(packet, settings) },
      routes,
    )
    return {
      file,
      frame: packet.reading.kind === 'capture' ? packet.reading.frame : null,
      message,
      routed: result,
      stores: settings.targets.map(storeName).filter((name) => name !== ''),
    }
  })
  log.close()
  output.out(json ? JSON.stringify(jsonOf(report), null, 2) : reportLines(report).join('\n'))
  return 0
}

/** Where the packet came to: as the frame says it, else the first listener that takes HEP. */
function listenerOf(
  { batch, receiver }: TracedPacket,
  { listen }: Pick<Settings, 'listen'>,
): { proto: string; address: string; port: number } | undefined {
  if (batch.message(0).hepVersion === 0) return undefined
  if (receiver) return { proto: hepNetName('hep_udp'), ...receiver }
  const first = listen[0]
  return (
    first && {
      proto: hepNetName(first.proto),
      address: first.host === '*' ? '' : first.host,
      port: first.port,
    }
  )
}

function isShut({ batch }: TracedPacket, { hepCaptureOn }: Pick<Settings, 'hepCaptureOn'>): boolean {
  return !hepCaptureOn && batch.message(0).hepVersion > 0
}

function shut(where: string): Fault {
  const what = 'hep_capture_on: the daemon would not take this packet'
  return { where, severity: 'warning', what, cure: 'switch it on' }
}

function moreThanOne(file: string, { reading, messages }: TracedPacket): Fault {
  return {
    where: file,
    severity: 'warning',
    what: `frame ${reading.frame} completes ${messages} messages`,
    cure: 'the first one is traced',
  }
}

function storeName(target: Settings['targets'][number]): string {
  return target.kind === 'none' ? '' : dbUrl.show(target).toString()
}

/** Octets that are no text as `{ hex }`. */
function jsonOf({
  file,
  frame,
  message,
  routed: { steps, rows, packets, outcome, reason },
  stores,
}: TraceReport) {
  return {
    file,
    frame,
    message,
    steps,
    rows: rows.map(({ table, columns }) => ({ table, columns: jsonColumns(columns) })),
    stores,
    packets: packets.map(({ to, octets }) => ({
      to: targetName(to),
      octets: octets.length,
      hex: octets.toString('hex'),
      chunks: decodedChunks(octets),
    })),
    outcome,
    reason,
  }
}

function jsonColumns(columns: Record<string, string | number | Buffer>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? { hex: value.toString('hex') } : value,
    ]),
  )
}
