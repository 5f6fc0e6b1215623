// Makes corpus/decode, corpus/reassembly and corpus/pcap: one frame of each link type and tunnel, orders of fragments,
// and capture files of each kind.
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
const ipOf = (protocol, body) => join([0x45, 0], u16(20 + body.length), u32(0), [64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2], body)
const udpTo = (port, body) => ipOf(17, join(u16(50000), u16(port), u16(8 + body.length), u16(0), body))
const vlan = (type, body) => join(u16(7), u16(type), body)

const labels = Buffer.from([0, 1, 0, 64, 0, 2, 1, 64])

const frames = {
  loopback: [0, join(le32(2), ip4)],
  'ethernet-v4': [1, ethernet(0x0800, ip4)],
  'ethernet-v6': [1, ethernet(0x86dd, v6options)],
  qinq: [1, ethernet(0x88a8, vlan(0x8100, vlan(0x0800, ip4)))],
  raw: [2, v6],
  'loopback-big': [3, join(u32(2), ip4)],
  sll: [4, join(Buffer.alloc(14), u16(0x0800), ip4)],
  sll2: [5, join(u16(0x86dd), Buffer.alloc(18), v6)],
  ppp: [6, join([0xff, 3, 0, 0x21], ip4)],
  pppoe: [1, ethernet(0x8864, join([0x11, 0], u16(1), u16(2 + ip4.length), u16(0x21), ip4))],
  snap: [1, ethernet(8 + ip4.length, join([0xaa, 0xaa, 3, 0, 0, 0, 8, 0], ip4))],
  mpls: [10, join(labels, ip4)],
  pseudowire: [10, join(labels, u32(1), ethernet(0x0800, ip4))],
  ipip: [2, ipOf(4, ip4)],
  '6in4': [2, ipOf(41, v6options)],
  gre: [2, ipOf(47, join(u16(0xb000), u16(0x0800), u32(0), u32(5), u32(6), ip4))],
  erspan2: [2, ipOf(47, join(u16(0x1000), u16(0x88be), u32(6), u16(0x1005), u16(9), u32(3), ethernet(0x0800, ip4)))],
  erspan3: [
    2,
    ipOf(47, join(u16(0x1000), u16(0x22eb), u32(6), u16(0x2005), u16(9), u32(3), u32(1), u32(0), u32(0), ethernet(0x0800, ip4))),
  ],
  vxlan: [2, udpTo(4789, join(u32(0x08000000), u32(5 << 8), ethernet(0x0800, ip4)))],
  geneve: [2, udpTo(6081, join(u32(0x01006558), u32(5 << 8), u32(7), ethernet(0x86dd, v6)))],
  tzsp: [2, udpTo(37008, join(u32(0x01000001), [0, 10, 1, 9, 1], ethernet(0x0800, ip4)))],
  gtp: [2, udpTo(2152, join([0x34, 0xff], u16(8 + ip4.length), u32(9), [0, 1, 0, 0x85, 1, 0, 1, 0], ip4))],
  tcp: [2, ipOf(6, join(u16(5060), u16(5080), u32(1), u32(2), [0x60, 0x18], u16(9), u32(0), u32(0x01010101), sip))],
  fragment: [2, join([0x45, 0], u16(36), u16(7), u16(0x2000), [64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], udp.subarray(0, 16))],
}
// As reassembly_fuzz reads them: control, offset in eights, eights, seconds
const orders = {
  forward: [0, 0, 60, 0, 0, 60, 60, 0, 0, 120, 60, 0],
  reverse: [1, 120, 60, 0, 1, 60, 60, 0, 1, 0, 60, 0],
  duplicates: [0, 0, 60, 0, 0, 0, 60, 0, 0, 30, 60, 0, 0, 60, 90, 1],
  lies: [0, 0, 60, 0, 8, 0, 60, 0, 0, 60, 90, 0],
  tunnelled: [16, 0, 60, 0, 0, 60, 90, 0, 16, 60, 90, 0],
  interleaved: [0, 0, 99, 0, 2, 0, 99, 0, 4, 0, 99, 0, 1, 0, 99, 0, 0, 99, 99, 0, 2, 99, 99, 0, 1, 99, 99, 0],
  clocks: [0, 0, 60, 0, 0, 60, 60, 40, 0, 0, 60, 200, 0, 60, 90, 5],
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
for (const [name, steps] of Object.entries(orders)) write('reassembly', name, Buffer.from(steps))
write('pcap', 'micro-little', pcap(0xa1b2c3d4, le32, le16))
write('pcap', 'nano-big', pcap(0xa1b23c4d, u32, u16))
write('pcap', 'ng-little', pcapng(le32, le16))
write('pcap', 'ng-big', pcapng(u32, u16))
