// The same calls in every kind of capture file: byte orders, units of time, link types, several of them in one file.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqlite } from '../../lib/sqlite.js'
import { hepcapd } from '../support/cli.js'
import * as f from '../support/frames.js'
import { rowLines, tsharkLines } from '../support/judge.js'
import { datagrams } from '../support/layers.js'
import { madeLines, madeMessages } from '../support/made.js'
import { missing } from '../support/tools.js'

t.setTimeout(240_000)

const messages = madeMessages()
const lines = madeLines(messages)
const packets = datagrams(f.IPV4, messages)
/** MPLS does not say what it carries, and tshark does not guess. */
const PSEUDOWIRE = ['-d', 'mpls.label==16,pwethcw']
const inAll = (wrap: (packet: Buffer) => Buffer) => packets.map(({ octets }) => wrap(octets))
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

async function read(t: Test, file: string): Promise<string> {
  const database = `${file}.db`
  const { status, err } = await hepcapd([
    '--read',
    file,
    '--db-url',
    `sqlite:${database}`,
    '--log-format',
    'text',
  ])
  t.equal(status, 0, err)
  t.notMatch(err, /warning|error/i)
  return database
}

/** Seconds are the same in all; what is behind them depends on the unit. */
function timesOf(database: string): number[] {
  const db = openSqlite(database, { readonly: true })
  try {
    return db.prepare('SELECT micro_ts FROM sip_capture ORDER BY id').pluck().all() as number[]
  } finally {
    db.close()
  }
}

/** The file with its headers in the other byte order and, if asked, times in nanoseconds. */
function rewritten(file: Buffer, bigEndian: boolean, nanoseconds: boolean): Buffer {
  const out = Buffer.from(file)
  const u32 = (at: number, value: number) =>
    bigEndian ? out.writeUInt32BE(value, at) : out.writeUInt32LE(value, at)
  const u16 = (at: number, value: number) =>
    bigEndian ? out.writeUInt16BE(value, at) : out.writeUInt16LE(value, at)
  u32(0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4)
  for (const at of [4, 6]) u16(at, file.readUInt16LE(at))
  for (const at of [16, 20]) u32(at, file.readUInt32LE(at))
  for (let at = 24; at < file.length; at += 16 + file.readUInt32LE(at + 8)) {
    for (const field of [0, 8, 12]) u32(at + field, file.readUInt32LE(at + field))
    u32(at + 4, file.readUInt32LE(at + 4) * (nanoseconds ? 1000 : 1))
  }
  return out
}

t.test('classic pcap of either byte order and unit', async (t) => {
  const file = join(t.testdir(), 'plain.pcap')
  f.writePcap(file, inAll(f.ethernet))
  const plain = readFileSync(file)
  const times = messages.map((_, i) => 1_700_000_000_000_000 + i * 1000)
  for (const bigEndian of [false, true]) {
    for (const nanoseconds of [false, true]) {
      writeFileSync(file, rewritten(plain, bigEndian, nanoseconds))
      const database = await read(t, file)
      t.same(rowLines(database), lines, `big-endian ${bigEndian}, nanoseconds ${nanoseconds}`)
      t.same(timesOf(database), times)
      if (!missing('tshark')) t.same(await tsharkLines(file), lines)
      execFileSync('rm', [database])
    }
  }
})

const links: Record<string, { linkType: number; wrap: (packet: Buffer) => Buffer }> = {
  'BSD loopback, little-endian': { linkType: 0, wrap: (packet) => Buffer.concat([hex('02000000'), packet]) },
  'BSD loopback, big-endian': { linkType: 0, wrap: (packet) => Buffer.concat([hex('00000002'), packet]) },
  'OpenBSD loopback': { linkType: 108, wrap: (packet) => Buffer.concat([hex('00000002'), packet]) },
  'raw IP': { linkType: f.RAW, wrap: (packet) => packet },
  'raw IPv4': { linkType: 228, wrap: (packet) => packet },
  'Linux cooked': { linkType: f.COOKED, wrap: (packet) => f.cooked(packet) },
  'Linux cooked with a tag': {
    linkType: f.COOKED,
    wrap: (packet) => f.cooked(f.tag(5, packet), 0x8100),
  },
  'Linux cooked, version 2': { linkType: f.COOKED2, wrap: (packet) => f.cooked2(packet) },
  '802.3 with SNAP': {
    linkType: f.ETHERNET,
    wrap: (packet) => f.ethernet(Buffer.concat([hex('aaaa03 000000 0800'), packet]), packet.length + 8),
  },
  PPPoE: {
    linkType: f.ETHERNET,
    wrap: (packet) =>
      f.ethernet(Buffer.concat([hex('1100 0001'), f.u16(packet.length + 2), hex('0021'), packet]), 0x8864),
  },
  PPP: { linkType: 9, wrap: (packet) => Buffer.concat([hex('ff03 0021'), packet]) },
  'Ethernet in MPLS': {
    linkType: f.ETHERNET,
    wrap: (packet) => f.ethernet(f.mpls([16], Buffer.concat([hex('00000000'), f.ethernet(packet)])), 0x8847),
  },
}
for (const [name, { linkType, wrap }] of Object.entries(links)) {
  t.test(name, async (t) => {
    const file = join(t.testdir(), 'made.pcap')
    f.writePcap(file, inAll(wrap), linkType)
    t.same(rowLines(await read(t, file)), lines, 'what was put in')
    if (!missing('tshark')) t.same(await tsharkLines(file, PSEUDOWIRE), lines, 'what tshark finds')
  })
}

t.test('pcapng of several interfaces, each with its link type', { skip: missing('mergecap') }, async (t) => {
  const folder = t.testdir()
  const parts = Object.values(links).map(({ linkType, wrap }, i) => {
    const part = join(folder, `part-${i}.pcap`)
    f.writePcap(part, inAll(wrap), linkType)
    return part
  })
  const file = join(folder, 'merged.pcapng')
  execFileSync('mergecap', ['-F', 'pcapng', '-w', file, ...parts])
  const expected = parts.flatMap(() => lines).sort()
  t.same(rowLines(await read(t, file)), expected)
  if (!missing('tshark')) t.same(await tsharkLines(file, PSEUDOWIRE), expected)
  const twice = join(folder, 'sections.pcapng')
  writeFileSync(twice, Buffer.concat([readFileSync(file), readFileSync(file)]))
  t.same(rowLines(await read(t, twice)), [...expected, ...expected].sort(), 'two sections behind one another')
})
