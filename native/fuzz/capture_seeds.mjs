// Makes corpus/decode and corpus/pcap: one frame of each link type, and capture files of each kind around them.
// Usage: node native/fuzz/capture_seeds.mjs

import { mkdirSync, writeFileSync } from 'node:fs'

const u16 = (n) => Buffer.from([n >> 8, n & 255])
const u32 = (n) => Buffer.from([n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255])
const le16 = (n) => u16(n).reverse()
const le32 = (n) => u32(n).reverse()
const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)))

const sip = Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n')
const udp = join(u16(5060), u16(5080), u16(8 + sip.length), u16(0), sip)
const ip4 = join([0x45, 0], u16(20 + udp.length), u32(0), [64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], udp)
const ip6 = (next, body) => join(u32(0x60000000), u16(body.length), [next, 64], Buffer.alloc(32, 1), body)
const v6 = ip6(17, udp)
const v6options = ip6(0, join([17, 0, 1, 4, 0, 0, 0, 0], udp))
const ethernet = (type, body) => join(Buffer.alloc(12, 2), u16(type), body)
const vlan = (type, body) => join(u16(7), u16(type), body)

const frames = {
  loopback: [0, join(le32(2), ip4)],
  'ethernet-v4': [1, ethernet(0x0800, ip4)],
  'ethernet-v6': [1, ethernet(0x86dd, v6options)],
  qinq: [1, ethernet(0x88a8, vlan(0x8100, vlan(0x0800, ip4)))],
  raw: [2, v6],
  'loopback-big': [3, join(u32(2), ip4)],
  sll: [4, join(Buffer.alloc(14), u16(0x0800), ip4)],
  sll2: [5, join(u16(0x86dd), Buffer.alloc(18), v6)],
}
const frame = frames['ethernet-v4'][1]

const pcap = (magic, w32, w16) =>
  join(w32(magic), w16(2), w16(4), w32(0), w32(0), w32(65535), w32(1), w32(1), w32(2), w32(frame.length), w32(frame.length), frame)
const block = (type, w32, body) => {
  const padded = join(body, Buffer.alloc(-body.length & 3))
  return join(w32(type), w32(12 + padded.length), padded, w32(12 + padded.length))
}
const pcapng = (w32, w16) =>
  join(
    block(0x0a0d0d0a, w32, join(w32(0x1a2b3c4d), w16(1), w16(0), Buffer.alloc(8, 255))),
    block(1, w32, join(w16(1), w16(0), w32(0), w16(9), w16(1), [9, 0, 0, 0], w32(0))),
    block(6, w32, join(w32(0), w32(5), w32(6), w32(frame.length), w32(frame.length), frame)),
    block(3, w32, join(w32(frame.length), frame)),
  )

const write = (folder, name, octets) => {
  mkdirSync(new URL(`corpus/${folder}/`, import.meta.url), { recursive: true })
  writeFileSync(new URL(`corpus/${folder}/${name}`, import.meta.url), octets)
}
for (const [name, [linkType, octets]] of Object.entries(frames)) write('decode', name, join([linkType], octets))
write('pcap', 'micro-little', pcap(0xa1b2c3d4, le32, le16))
write('pcap', 'nano-big', pcap(0xa1b23c4d, u32, u16))
write('pcap', 'ng-little', pcapng(le32, le16))
write('pcap', 'ng-big', pcapng(u32, u16))
