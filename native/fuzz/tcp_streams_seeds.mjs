// Makes corpus/tcp_streams: segments as tcp_streams_fuzz.cc reads them, of streams that are whole, cut, lossy
// and under WebSocket.
// Usage: node native/fuzz/tcp_streams_seeds.mjs

import { mkdirSync, writeFileSync } from 'node:fs'

const FIN = 1
const SYN = 2
const RESET = 4
const SERVER = 8
const JUMP = 0x10
const FAR = 0x20
const MISSING = 0x40
const PAUSE = 0x80

const i16 = (n) => [(n >> 8) & 255, n & 255]
const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)))

const segment = (payload, { flags = 0, jump, missing } = {}) =>
  join(
    [flags | (jump === undefined ? 0 : JUMP) | (missing === undefined ? 0 : MISSING)],
    jump === undefined ? [] : i16(jump),
    missing === undefined ? [] : [missing],
    [payload.length],
    payload,
  )
const pieces = (stream, size, flags = 0) => {
  const parts = []
  for (let at = 0; at < stream.length; at += size) parts.push(segment(stream.subarray(at, at + size), { flags }))
  return join(...parts)
}

const request = (body = '') => join(`BYE sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
const reply = join('SIP/2.0 200 OK\nl\t:\n 2\n\nok')
const lengthless = join('ACK sip:a SIP/2.0\r\n\r\n')
const both = join(request('v=0\r\n'), '\r\n\r\n', reply)

const frame = (first, payload, key) =>
  join(
    [first, (payload.length < 126 ? payload.length : 126) | (key ? 128 : 0)],
    payload.length < 126 ? [] : i16(payload.length),
    key ?? [],
    payload.map((octet, at) => octet ^ (key ? key[at % 4] : 0)),
  )
const key = [0x5a, 1, 255, 0x33]
const ask = join('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n')
const answer = join('HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n')
const frames = join(
  frame(0x81, request('x'), key),
  frame(0x01, reply.subarray(0, 9), key),
  frame(0x89, join('ping'), key),
  frame(0x80, reply.subarray(9), key),
  frame(0xc1, join('deflated'), key),
  frame(0x81, request('y'.repeat(100)), key),
)

const seeds = {
  whole: join(segment([], { flags: SYN }), segment(both), segment([], { flags: FIN })),
  octets: pieces(both, 1),
  'two-directions': join(segment(request()), segment(reply, { flags: SERVER }), segment(request(), { flags: RESET })),
  lengthless: segment(join(lengthless, lengthless, 'v=0\r\n', request())),
  gap: join(segment(request('x').subarray(0, 40)), segment(both, { jump: 30 }), segment(reply, { flags: PAUSE }), segment(reply, { flags: PAUSE })),
  early: join(segment([], { flags: SYN }), segment(reply, { jump: request().length }), segment(request(), { jump: -request().length - reply.length })),
  overlap: join(segment(both.subarray(0, 40)), segment(both.subarray(20), { jump: -20 })),
  truncated: join(segment(request('12345').subarray(0, 50), { missing: 9 }), segment(reply)),
  reused: join(segment(request('x').subarray(0, 45)), segment(reply, { flags: SYN, jump: 99 })),
  far: join(segment(request()), segment(reply, { flags: FAR, jump: -20000 }), segment(request(), { flags: FAR, jump: 20000 })),
  middle: join(segment(join('of something\r\n', reply)), segment(request())),
  websocket: join(segment(ask), pieces(frames, 200), segment(answer, { flags: SERVER }), pieces(frame(0x81, reply), 7, SERVER)),
  'websocket-middle': pieces(frames, 255),
  'websocket-malformed': join(segment(ask), segment(frame(0x8b, request(), key)), segment(ask)),
  noise: segment(Buffer.alloc(255, 0x17)),
}

mkdirSync(new URL('corpus/tcp_streams/', import.meta.url), { recursive: true })
for (const [name, octets] of Object.entries(seeds)) {
  writeFileSync(new URL(`corpus/tcp_streams/${name}`, import.meta.url), octets)
}
