// HEP packets as written: octet for octet the documented ones, and read back by somebody else's decoder.

import { createRequire } from 'node:module'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { chunkType } from '../../lib/hep/chunks.js'
import { encodeHep, type HepMessage, hepSize, writeHep } from '../../lib/hep/writer.js'

const OPTIONS = 'OPTIONS sip:a@b SIP/2.0\r\n\r\n'

const message: HepMessage = {
  protocol: 17,
  source: Uint8Array.of(10, 0, 0, 1),
  destination: Uint8Array.of(10, 0, 0, 2),
  sourcePort: 5060,
  destinationPort: 5080,
  timeUs: 1700000000123456,
  agentId: 7,
  type: 1,
  payload: Buffer.from(OPTIONS),
}

const six = (last: number) => Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last)
const overIpv6: HepMessage = { ...message, source: six(1), destination: six(2) }

const hex = (text: string) => text.replace(/\s/g, '')
const COMMON = '13c413d8 0a000001 0a000002'
const PAYLOAD = '4f5054494f4e53207369703a6140622053 49502f322e300d0a0d0a'
const NUMBERS = `
  0000 0001 0007 02  0000 0002 0007 11  0000 0007 0008 13c4  0000 0008 0008 13d8
  0000 0009 000a 6553f100  0000 000a 000a 0001e240  0000 000b 0007 01  0000 000c 000a 00000007
  0000 0003 000a 0a000001  0000 0004 000a 0a000002`
const PAYLOAD_CHUNK = `0000 000f 0021 ${PAYLOAD}`
const CORRELATION_CHUNK = '0000 0011 0012 6162634031302e302e302e31'

t.test('version 1: the documented octets', async (t) => {
  t.equal(encodeHep(1, message).toString('hex'), hex(`01100211 ${COMMON} ${PAYLOAD}`))
})

t.test('version 2: time and agent in little-endian, two octets of padding', async (t) => {
  const extension = '00f15365 40e20100 0700 0000'
  t.equal(encodeHep(2, message).toString('hex'), hex(`02100211 ${COMMON} ${extension} ${PAYLOAD}`))
})

t.test('versions 1 and 2: 40 octets of header for IPv6', async (t) => {
  const head = `280a11 13c413d8 ${'20010db8000000000000000000000001'} ${'20010db8000000000000000000000002'}`
  t.equal(encodeHep(1, overIpv6).toString('hex'), hex(`01${head}${PAYLOAD}`))
  t.equal(encodeHep(2, overIpv6).length, 52 + OPTIONS.length)
})

t.test('version 3: the documented octets, the correlation id behind the payload', async (t) => {
  const packet = encodeHep(3, { ...message, correlationId: 'abc@10.0.0.1', payloadLast: false })
  t.equal(packet.toString('hex'), hex(`48455033 0090 ${NUMBERS} ${PAYLOAD_CHUNK} ${CORRELATION_CHUNK}`))
})

t.test('version 3: the payload is last unless it is asked for elsewhere', async (t) => {
  const packet = encodeHep(3, { ...message, correlationId: 'abc@10.0.0.1' })
  t.equal(packet.toString('hex'), hex(`48455033 0090 ${NUMBERS} ${CORRELATION_CHUNK} ${PAYLOAD_CHUNK}`))
})

t.test('version 3: the overhead is 73 octets, the addresses and the payload header', async (t) => {
  t.equal(encodeHep(3, message).length, 73 + 20 + 6 + OPTIONS.length)
  t.equal(encodeHep(3, overIpv6).length, 73 + 44 + 6 + OPTIONS.length)
})

t.test('version 3: key and further chunks stand before the payload, texts as UTF-8', async (t) => {
  const chunks = [{ vendor: 3, type: 31, octets: Uint8Array.of(0, 0, 0, 132) }]
  const packet = encodeHep(3, { ...message, authKey: 'schlüssel', chunks })
  const key = `0000 000e 0010 ${Buffer.from('schlüssel').toString('hex')}`
  const rest = `${NUMBERS} ${key} 0003 001f 000a 00000084 ${PAYLOAD_CHUNK}`
  t.equal(packet.toString('hex'), hex(`48455033 ${packet.length.toString(16).padStart(4, '0')} ${rest}`))
})

t.test('version 3: a compressed payload is chunk 0x10 and inflates to itself', async (t) => {
  const zipped = gzipSync(Buffer.from(OPTIONS))
  const packet = encodeHep(3, { ...message, payload: zipped, compressed: true })
  const chunk = packet.subarray(93)
  t.equal(chunk.readUInt16BE(2), chunkType('payload_compressed'))
  t.equal(chunk.readUInt16BE(4), 6 + zipped.length)
  t.equal(gunzipSync(chunk.subarray(6)).toString(), OPTIONS)
})

t.test('hepSize() is what writeHep() writes, at any offset', async (t) => {
  const variants: HepMessage[] = [
    message,
    overIpv6,
    {
      ...message,
      authKey: 'ключ',
      correlationId: 'x',
      chunks: [{ vendor: 0, type: 18, octets: Buffer.alloc(2) }],
    },
    { ...message, payload: Buffer.alloc(0) },
  ]
  for (const version of [1, 2, 3] as const) {
    for (const variant of variants) {
      const into = Buffer.alloc(400)
      t.equal(writeHep(version, variant, into, 11), 11 + hepSize(version, variant))
      t.same(into.subarray(11, 11 + hepSize(version, variant)), encodeHep(version, variant))
    }
  }
})

t.test('what the format cannot hold is a RangeError', async (t) => {
  t.throws(() => encodeHep(3, { ...message, destination: six(2) }), RangeError)
  t.throws(() => encodeHep(3, { ...message, sourcePort: 65536 }), RangeError)
  t.throws(() => encodeHep(2, { ...message, agentId: 65536 }), RangeError)
  t.throws(() => encodeHep(3, { ...message, payload: Buffer.alloc(65535) }), RangeError)
  for (let size = 0; size < hepSize(3, message); size++) {
    t.throws(() => writeHep(3, message, Buffer.alloc(size), 0), RangeError)
  }
})

t.test('hep-js reads what we write', async (t) => {
  const hepJs = createRequire(import.meta.url)('hep-js') as { decapsulate(packet: Buffer): HepJs | false }
  const decoded = hepJs.decapsulate(
    encodeHep(3, { ...message, authKey: 'secret', correlationId: 'abc@10.0.0.1' }),
  )
  t.match(decoded, {
    rcinfo: {
      protocolFamily: 2,
      protocol: 17,
      srcIp: '10.0.0.1',
      dstIp: '10.0.0.2',
      srcPort: 5060,
      dstPort: 5080,
      timeSeconds: 1700000000,
      timeUseconds: 123456,
      payloadType: 1,
      captureId: 7,
      capturePass: 'secret',
      correlation_id: 'abc@10.0.0.1',
    },
    payload: OPTIONS,
  })
})

interface HepJs {
  rcinfo: Record<string, unknown>
  payload: string
}
