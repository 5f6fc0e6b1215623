// What there is to say of one packet, once it was taken through decode and routes: the same from `hepcapd trace` and from
// a daemon that runs.

import type { Fault } from '../errors.js'
import { hepNetName, type Listen } from '../listen/protocols.js'
import { type SenderSettings, senderRules } from '../listen/senders.js'
import { dbUrl } from '../options/endpoints.js'
import type { LoadedRoutes } from '../route/load.js'
import type { Target } from '../sink/sinks.js'
import { decoded } from './decoded.js'
import type { TracedPacket } from './packet.js'
import type { TraceReport } from './text.js'
import { routed, type TraceSettings } from './trace.js'

export interface Receiving {
  hepCaptureOn: boolean
  /** Where hep_capture_on was set. */
  where: string
}

/** `file` is how the user names what has the packet. */
export async function reportOf(
  packet: TracedPacket,
  file: string,
  settings: TraceSettings,
  routes: LoadedRoutes,
): Promise<TraceReport> {
  const message = decoded(packet.batch.message(0))
  return {
    file,
    frame: packet.reading.kind === 'capture' ? packet.reading.frame : null,
    message,
    routed: await routed(packet, settings, routes),
    stores: settings.targets.map(storeName).filter((name) => name !== ''),
  }
}

/** Where the packet came to: as the frame says it, else the first listener that takes HEP. */
export function listenerOf(
  { batch, receiver }: TracedPacket,
  listeners: readonly Pick<Listen, 'proto' | 'host' | 'port'>[],
): { proto: string; address: string; port: number } | undefined {
  if (batch.message(0).hepVersion === 0) return undefined
  if (receiver) return { proto: hepNetName('hep_udp'), ...receiver }
  const [first] = listeners
  return (
    first && {
      proto: hepNetName(first.proto),
      address: first.host === '*' ? '' : first.host,
      port: first.port,
    }
  )
}

/** Those that the first listener wants, as the packet came to it. */
export function keysOf({
  listen,
  senders,
}: {
  listen: readonly Listen[]
  senders: SenderSettings
}): Buffer[] {
  const [first] = listen
  return first ? senderRules(senders, first).keys : senders.keys.map((key) => Buffer.from(key))
}

/** What is not as it would be in the daemon. */
export function warningsOf(file: string, packet: TracedPacket, { hepCaptureOn, where }: Receiving): Fault[] {
  const { batch, messages, reading } = packet
  const isShut = !hepCaptureOn && batch.message(0).hepVersion > 0
  return [
    ...(isShut ? [shut(where)] : []),
    ...(messages > 1 ? [moreThanOne(file, reading.frame, messages)] : []),
  ]
}

function shut(where: string): Fault {
  const what = 'hep_capture_on: the daemon would not take this packet'
  return { where, severity: 'warning', what, cure: 'switch it on' }
}

function moreThanOne(where: string, frame: number, messages: number): Fault {
  const what = `frame ${frame} completes ${messages} messages`
  return { where, severity: 'warning', what, cure: 'the first one is traced' }
}

function storeName(target: Target): string {
  return target.kind === 'none' ? '' : dbUrl.show(target).toString()
}
