// Writes the seed corpora of hep_fuzz and stream_fuzz beside itself: node native/fuzz/hep_seeds.mjs
import { mkdirSync, writeFileSync } from 'node:fs'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'

const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)))
const u8 = (value) => [value]
const u16 = (value) => [value >> 8, value & 255]
const u32 = (value) => [...u16(value >>> 16), ...u16(value & 65535)]
const chunk = (type, body, vendor = 0) => join(u16(vendor), u16(type), u16(6 + body.length), body)
const hep3 = (...chunks) => join('HEP3', u16(6 + Buffer.concat(chunks).length), ...chunks)

const sip = Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nCall-ID: abc@10.0.0.1\r\n\r\n')
const ports = hex('13c413d8')
const from4 = hex('0a000001')
const to4 = hex('0a000002')
const from6 = hex('20010db8000000000000000000000001')
const to6 = hex('20010db8000000000000000000000002')
const little = hex('00f1536540e2010007000000')
const big = hex('6553f1000001e24000070000')
const common = [chunk(2, u8(17)), chunk(7, u16(5060)), chunk(8, u16(5080)), chunk(9, u32(1700000000)),
  chunk(10, u32(123456)), chunk(11, u8(1)), chunk(12, u32(7))]
const pair4 = [chunk(3, from4), chunk(4, to4)]
const pair6 = [chunk(5, from6), chunk(6, to6)]
const is4 = chunk(1, u8(2))
const is6 = chunk(1, u8(10))

const packets = {
  v1_ipv4: join(hex('01100211'), ports, from4, to4, sip),
  v1_ipv6: join(hex('01280a11'), ports, from6, to6, sip),
  v1_trailing_nuls: join(hex('01100211'), ports, from4, to4, sip, Buffer.alloc(8)),
  v2_ipv4: join(hex('02100211'), ports, from4, to4, little, sip),
  v2_ipv6: join(hex('02281c11'), ports, from6, to6, little, sip),
  v2_big_endian: join(hex('02100211'), ports, from4, to4, big, sip),
  v3_ipv4: hep3(is4, ...common, ...pair4, chunk(15, sip), chunk(17, Buffer.from('abc@10.0.0.1'))),
  v3_ipv6: hep3(is6, ...common, ...pair6, chunk(15, sip)),
  v3_both_pairs: hep3(is6, ...common, ...pair4, ...pair6, chunk(15, sip)),
  v3_no_family: hep3(...common, ...pair4, chunk(15, sip)),
  v3_contradiction: hep3(is4, ...common, ...pair6, chunk(15, sip)),
  v3_gzip: hep3(is4, ...common, ...pair4, chunk(16, gzipSync(sip))),
  v3_zlib: hep3(chunk(16, deflateSync(sip))),
  v3_raw_deflate: hep3(chunk(16, deflateRawSync(sip))),
  v3_bomb: hep3(chunk(16, gzipSync(Buffer.alloc(200_000)))),
  v3_extra_correlation: hep3(is4, ...pair4, chunk(101, Buffer.from('{"sip":"abc"}')), chunk(15, sip)),
  v3_vendor_chunks: hep3(chunk(11, u8(5), 9), chunk(1, Buffer.from('free'), 3), is4, chunk(15, sip)),
  v3_auth_key: hep3(is4, chunk(14, Buffer.from('secret')), chunk(18, u16(100)), chunk(15, sip)),
  v3_heartbeat: hep3(chunk(11, u8(0)), chunk(13, u16(30)), chunk(12, u32(7))),
  v3_empty: hep3(),
  eep3: join('EEP3', hep3(is4, ...pair4, chunk(15, sip)).subarray(4)),
  sip_on_hep_port: sip,
}

const stream = join(packets.v3_ipv4, packets.eep3, packets.v3_empty, packets.v3_ipv6)
const steered = (steering, octets) => join(u8(steering.length), steering, octets)
const streams = {
  octet_by_octet: steered([1], stream),
  in_one: steered([0], stream),
  header_cuts: steered([3, 2, 1, 100], stream),
  refusing: steered([0x80 | 40, 20, 0x80 | 127, 0x80], stream),
  bad_magic: steered([5, 0x80 | 90], join(packets.v3_ipv4, sip)),
  zero_total: steered([4], join(packets.v3_empty, 'HEP3', u16(0), packets.v3_ipv4)),
  unfinished: steered([60], stream.subarray(0, -20)),
}

for (const [corpus, seeds] of Object.entries({ hep: packets, stream: streams })) {
  const directory = new URL(`corpus/${corpus}/`, import.meta.url)
  mkdirSync(directory, { recursive: true })
  for (const [name, octets] of Object.entries(seeds)) writeFileSync(new URL(name, directory), octets)
}
