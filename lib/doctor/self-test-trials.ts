// What a self-test sends to: each listener, and one port of the loopback interface where that is captured.

import { bindAddresses } from '../listen/address.js'
import { type BoundListen, isTls, type Listen } from '../listen/protocols.js'
import type { RawSettings } from '../listen/raw.js'
import { senderRules } from '../listen/senders.js'
import { shownPorts } from '../options/endpoints.js'
import type { Settings } from '../options/settings.js'
import { type CallIds, hepMessage, MarkedMessages, sipMessage } from './marked.js'
import type { Wanted } from './ports.js'
import { type HeldPort, holdPort, sendTo } from './self-test-send.js'

/** Of each input. */
const MESSAGES = 3
export const LOOPBACK = 'lo'
const LARGEST_PORT = 65535

/** Sends to one input. */
export interface Trial {
  /** As the ledger has it. */
  name: string
  callIds: CallIds
  /** Its senders must show a certificate, and ours may not be one that is good enough. */
  wantsCertificate: boolean
  send(): Promise<void>
}

/** `names` are of the listeners in their order, then of what is captured. */
export function trialsOf(
  settings: Settings,
  listeners: readonly BoundListen[],
  names: readonly string[],
  held: HeldPort | undefined,
): Trial[] {
  const marked = new MarkedMessages()
  return names.map((name, at): Trial => {
    const callIds = marked.callIds(MESSAGES)
    const listener = listeners[at]
    const send = listener ? toListener(settings, listener, callIds) : past(held, callIds)
    const wantsCertificate = listener !== undefined && isTls(listener.proto) && settings.tls.ca !== ''
    return { name, callIds, wantsCertificate, send }
  })
}

function toListener(settings: Settings, listener: BoundListen, callIds: CallIds): Trial['send'] {
  const isPlain = listener.proto === 'udp' && !settings.hepCaptureOn
  const key = keyOf(settings, listener)
  const packets = callIds.map((callId) => (isPlain ? sipMessage(callId) : hepMessage(callId, key)))
  return () => sendTo(listener, packets, settings.tls)
}

/** One that the listener takes; undefined where it wants none. */
function keyOf({ listen, senders }: Settings, { proto, address, port }: BoundListen): string | undefined {
  const asked = listen.find((one) => one.proto === proto && [port, 0].includes(one.port))
  const [key] = senderRules(senders, asked ?? { proto, host: address, port }).keys
  return key?.toString()
}

function past(held: HeldPort | undefined, callIds: CallIds): Trial['send'] {
  return async () => held?.send(callIds.map(sipMessage))
}

/** One of the ports that are captured, where the loopback interface is. */
export async function heldPort(raw: RawSettings | undefined): Promise<HeldPort | undefined> {
  if (raw?.mode !== 'moni') return undefined
  if (raw.interfaces.length > 0 && !raw.interfaces.includes(LOOPBACK)) return undefined
  const { firstPort, lastPort = firstPort } = raw.range
  if (firstPort === undefined || (firstPort <= 1 && lastPort === LARGEST_PORT)) return holdPort(0, 0)
  return holdPort(firstPort, lastPort ?? firstPort)
}

/** A name that is unknown is told of where ports are. */
export async function wantedPorts(listen: readonly Listen[]): Promise<Wanted[]> {
  return Promise.all(
    listen.map(async (one) => ({ listen: one, addresses: await bindAddresses(one.host).catch(() => []) })),
  )
}

/** What the ledger calls them. */
export function nameOf({ proto, host, port }: Wanted['listen'], address: string): string {
  const shown = host === '*' ? '*' : address.includes(':') ? `[${address}]` : address
  return `${proto}:${shown}:${port}`
}

export function rawName({ mode, interfaces, range }: RawSettings): string {
  return `${mode}:${interfaces.length > 0 ? LOOPBACK : '*'}${shownPorts(range)}`
}
