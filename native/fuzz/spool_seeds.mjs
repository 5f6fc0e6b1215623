// Makes corpus/spool: blocks of one record and of three, as the spool has them, for the layout that the addon has now.
// Usage: node native/fuzz/spool_seeds.mjs

import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { record: at, sip } = createRequire(import.meta.url)('../../build/Release/hepcapd.node').layout
const folder = new URL('corpus/spool/', import.meta.url)
const packet = Buffer.from('HEP3OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n')
const custom = Buffer.from('\0\x01a\0\0\0\x02bc', 'latin1')

function block(count) {
  const records = []
  const octets = []
  let size = 0
  const span = (record, field, offset, length) => {
    record.writeUInt32LE(offset, field)
    record.writeUInt32LE(length, field + 4)
  }
  for (let row = 0; row < count; row++) {
    const record = Buffer.alloc(at.bytes)
    record.writeBigInt64LE(1_700_000_000_000_000n, at.microTs)
    span(record, at.packet, size, packet.length)
    span(record, at.payload, size + 4, packet.length - 4)
    span(record, at.custom, size + packet.length, custom.length)
    record.writeUInt16LE(7, sip.method + 2)
    record[at.sourceFamily] = row % 2 === 0 ? 2 : 10
    octets.push(packet, custom)
    size += packet.length + custom.length
    records.unshift(record)
  }
  return Buffer.concat([Buffer.of(count), ...records, ...octets])
}

mkdirSync(folder, { recursive: true })
for (const count of [1, 3]) writeFileSync(new URL(`records-${count}`, folder), block(count))
