// Messages inside of headers in combinations that nobody wrote down one by one: links, tunnels in tunnels, fragments of
// each, streams cut anywhere.

import * as f from './frames.js'
import * as layers from './layers.js'
import type { MadeMessage } from './made.js'
import type { Random } from './random.js'

export interface Case {
  name: string
  /** The first layer stands around the message, the last one outside. */
  layers: string[]
  frames: layers.Packet[]
  messages: MadeMessage[]
  ipv6: boolean
}

/** Bodies hold what a reader of streams might take for the start of a message, and Call-IDs the name of the case. */
function messagesOf(name: string, index: number, random: Random): MadeMessage[] {
  const ends = {
    source: `10.${index}.0.1`,
    destination: '10.0.0.2',
    sourcePort: 20_000 + index,
    destinationPort: 5060,
  }
  return Array.from({ length: 1 + random.below(4) }, (_, i) => {
    const line = random.pick([
      'v=0\r\n',
      'BYE sip:a@b SIP/2.0\r\n',
      '\r\n',
      'SIP/2.0 200 OK\r\n',
      'x'.repeat(300),
    ])
    const body = line.repeat(random.below(12))
    const first = random.pick(['INVITE sip:b@example.com SIP/2.0', 'SIP/2.0 180 Ringing'])
    const headers = [
      `Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK${index}-${i}`,
      `CSeq: ${i + 1} INVITE`,
      `Call-ID: ${name}-${i}`,
      'Content-Type: application/octet-stream',
      `Content-Length: ${body.length}`,
    ]
    return { ...ends, payload: Buffer.from([first, ...headers, '', body].join('\r\n')) }
  })
}

export function makeCase(index: number, random: Random): Case {
  const names: string[] = []
  const chosen: layers.Layer[] = []
  const add = (from: Record<string, layers.Layer>) => {
    const name = random.pick(Object.keys(from))
    names.push(name)
    chosen.push(from[name] as layers.Layer)
  }
  const maybeFragment = () => {
    if (random.below(3) === 0) add({ fragments: layers.fragmented })
  }
  maybeFragment()
  for (let tunnels = random.below(4); tunnels > 0; tunnels--) {
    if (random.below(3) === 0) {
      add(layers.routedTunnels)
    } else {
      if (random.below(2) === 0) add(layers.linkLayers)
      add(layers.bridgedTunnels)
    }
    maybeFragment()
  }
  if (random.below(2) === 0) add(layers.linkLayers)
  const type = random.pick([f.IPV4, f.IPV6] as const)
  const overTcp = random.below(2) === 0
  const name = [`c${index}`, overTcp ? 'tcp' : 'udp', type === f.IPV4 ? 4 : 6, ...names].join('-')
  const messages = messagesOf(name, index, random)
  const packets = overTcp ? layers.stream(type, messages, random) : layers.datagrams(type, messages)
  const place = { random, outer: { source: `192.${index}.2.1`, destination: '192.0.2.2' } }
  const frames = chosen.reduce((made, layer) => layer(made, place), packets)
  return { name, layers: names, frames, messages, ipv6: type === f.IPV6 }
}

/** One frame of any case after another; each case keeps its order. */
export function mixed(cases: Case[], random: Random): Buffer[] {
  const queues = cases.map(({ frames }) => [...frames])
  const out: Buffer[] = []
  for (let left = queues.filter(({ length }) => length > 0); left.length > 0; ) {
    const { type, octets } = random.pick(left).shift() as layers.Packet
    out.push(f.ethernet(octets, type))
    left = left.filter(({ length }) => length > 0)
  }
  return out
}
