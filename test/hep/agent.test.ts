// Packets that we make: for messages that came without HEP, and those of correlate().

import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Engine } from '../../lib/binding.js'
import { agentPacket, correlationPacket } from '../../lib/hep/agent.js'
import { EditedPacket } from '../../lib/hep/edit.js'
import { Batch } from '../../lib/message.js'
import { chunkLines } from '../support/chunks.js'
import { batchOf, newEngine } from '../support/engine.js'
import * as f from '../support/frames.js'
import { options } from '../support/packets.js'

const engine = newEngine()
t.teardown(() => engine.close())

const ENDS = { source: '10.0.0.1', sourcePort: 5060, destination: '10.0.0.2', destinationPort: 5070 }
const plain = { captureId: 7, compressed: false }

/** What a capture file with these frames gives. */
async function captured(file: string, frames: Buffer[]): Promise<Batch> {
  f.writePcap(file, frames)
  let reader!: Engine
  await new Promise<void>((resolve) => {
    reader = newEngine(4, () => {
      if (reader.reading(0).state !== 'more') resolve()
    })
    reader.readFile(0, file, { tunnels: false })
  })
  const [slab, ...more] = reader.take()
  reader.close()
  if (!slab || more.length > 0) throw new Error('expected one slab')
  return new Batch(slab)
}

const udp = (payload: string) => f.ethernet(f.ipv4(ENDS, f.UDP, f.udp(ENDS, Buffer.from(payload))))
const udp6 = (payload: string) => f.ethernet(f.ipv6(ENDS, f.UDP, f.udp(ENDS, Buffer.from(payload))), f.IPV6)

t.test('a captured message as an agent sends it', async (t) => {
  const [one, six, long] = [options('1'), options('2'), options('3', `X: ${'long '.repeat(100)}`)]
  const batch = await captured(join(t.testdir(), 'a.pcap'), [udp(one), udp6(six), udp(long)])
  const made = [...batch].map((message) =>
    agentPacket(message, { captureId: 0xffff_fffe, compressed: false }),
  )
  const again = batchOf(engine, made as Buffer[])
  for (const [i, payload] of [one, six, long].entries()) {
    const [before, after] = [batch.message(i), again.message(i)]
    t.equal(after.hepVersion, 3)
    t.equal(after.agentId, 0xffff_fffe)
    t.equal(after.payload.toString(), payload)
    for (const part of [
      'microTs',
      'family',
      'protocol',
      'protocolType',
      'sourceIp',
      'destinationIp',
    ] as const) {
      t.equal(after[part], before[part], part)
    }
    t.equal(after.sourcePort, 5060)
    t.equal(after.destinationPort, 5070)
  }
  t.equal(made[0]?.length, 73 + 20 + 6 + one.length)
  t.equal(made[1]?.length, 73 + 44 + 6 + six.length)
  again.release()
  batch.release()
})

t.test('compressed when that makes it smaller', async (t) => {
  const [short, long] = ['SIP/2.0 200 OK\r\n\r\n', options('3', `X: ${'long '.repeat(100)}`)]
  const batch = await captured(join(t.testdir(), 'a.pcap'), [udp(short), udp(long)])
  const last = (packet: Buffer | undefined) => chunkLines(packet as Buffer).at(-1) as string
  const [first, second] = [...batch].map((message) =>
    last(agentPacket(message, { ...plain, compressed: true })),
  )
  t.equal(first, `0/15=${Buffer.from(short).toString('hex')}`)
  t.match(second, /^0\/16=/)
  t.equal(gunzipSync(Buffer.from((second as string).slice(5), 'hex')).toString(), long)
  t.ok((second as string).length < 2 * long.length)
  batch.release()
})

t.test('a payload without room in a packet', async (t) => {
  const room = 65_535 - 73 - 20 - 6
  const head = options('1')
  const fits = head + 'x'.repeat(room - head.length)
  const pieces = (payload: string, id: number) =>
    f
      .pieces(f.udp(ENDS, Buffer.from(payload)), 1400)
      .map(({ offset, more, part }) => f.ethernet(f.ipv4(ENDS, f.UDP, part, { id, offset, more })))
  const batch = await captured(join(t.testdir(), 'a.pcap'), [...pieces(fits, 1), ...pieces(`${fits}x`, 2)])
  t.equal(batch.rows, 2)
  t.equal(agentPacket(batch.message(0), plain)?.length, 65_535)
  t.equal(agentPacket(batch.message(1), plain), undefined)
  t.ok(agentPacket(batch.message(1), { ...plain, compressed: true }))
  t.equal(EditedPacket.of(batch.message(0)).get('payload'), undefined, 'it has no chunks')
  t.notOk(EditedPacket.of(batch.message(0)).set('src_port', 1))
  batch.release()
})

const ids = { type1: 'sip', id1: 'a@b', type2: 'isup', id2: '17' }
const now = { captureId: 7, nowMs: 1_700_000_000_123.9 }

t.test('correlate() for Homer 6: both ids as JSON', async (t) => {
  const packet = correlationPacket(ids, { ...now, homer5: false }) as Buffer
  t.same(chunkLines(packet), [
    '0/1=02',
    '0/2=11',
    '0/7=0000',
    '0/8=0000',
    '0/9=6553f100',
    '0/10=0001e078',
    '0/11=60',
    '0/12=00000007',
    '0/3=7f000001',
    '0/4=7f000002',
    `0/101=${Buffer.from('{"sip":"a@b","isup":"17"}').toString('hex')}`,
    '0/15=',
  ])
  const batch = batchOf(engine, [packet])
  t.equal(batch.message(0).correlationId, 'a@b')
  t.equal(batch.message(0).protocolType, 0x60)
  t.notOk(batch.message(0).isSip)
  batch.release()
})

t.test('correlate() for Homer 5: the id of SIP in chunk 0x11', async (t) => {
  const correlation = (types: Partial<typeof ids>) => {
    const packet = correlationPacket({ ...ids, ...types }, { ...now, homer5: true })
    return packet && new EditedPacket(packet).get('correlation_id')?.value
  }
  t.equal(correlation({}), 'a@b')
  t.equal(correlation({ type1: 'isup', type2: 'SIP-call' }), '17')
  t.equal(correlation({ type1: 'sip', type2: 'sip2' }), 'a@b')
  t.equal(correlation({ type1: 'isup', type2: 'other' }), undefined)
})

t.test('correlate() of what cannot be said', async (t) => {
  for (const homer5 of [true, false]) {
    for (const wrong of [{ type2: 'sip' }, { type1: '' }, { id1: '' }, { type2: '' }, { id2: '' }]) {
      t.equal(correlationPacket({ ...ids, ...wrong }, { ...now, homer5 }), undefined, JSON.stringify(wrong))
    }
    t.equal(correlationPacket({ ...ids, id1: 'x'.repeat(65_535) }, { ...now, homer5 }), undefined)
  }
  t.ok(
    correlationPacket({ ...ids, type2: 'other' }, { ...now, homer5: false }),
    'types that differ are right',
  )
})
