// Random packets and random edits against a model, which is a list of what should stand in the packet; and packets
// that were damaged, which throw nothing.

import t from 'tap'
import { EditedPacket } from '../../lib/hep/edit.js'
import { chunkLines } from '../support/chunks.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep3, packet } from '../support/packets.js'
import { Random } from '../support/random.js'

const IPV4 = ['10.0.0.1', '192.0.2.255', '127.0.0.1']
const IPV6 = ['2001:db8::1', '::1', 'fe80::1234:5678:9abc:def0']
const NUMBERS: Record<string, [type: number, octets: number]> = {
  proto_id: [2, 1],
  src_port: [7, 2],
  dst_port: [8, 2],
  timestamp: [9, 4],
  timestamp_us: [10, 4],
  proto_type: [11, 1],
  captagent_id: [12, 4],
}
/** Chunks that are edited, and those that nobody can name. */
const LIST: [vendor: number, type: number][] = [
  [3, 31],
  [0, 17],
  [3, 0x20],
  [0, 999],
  [9, 999],
]
const STRANGE: [vendor: number, type: number][] = [
  [9, 11],
  [3, 3],
  [65_535, 15],
]

const numberHex = (value: number, octets: number) => value.toString(16).padStart(octets * 2, '0')
const textHex = (text: string) => Buffer.from(text).toString('hex')

function addressHex(text: string): string {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number)).toString('hex')
  const dotted = text.startsWith('::ffff:') ? text.slice(7) : undefined
  if (dotted) return `${'0'.repeat(20)}ffff${addressHex(dotted)}`
  const [head = '', tail = ''] = text.split('::').map((half) =>
    half
      .split(':')
      .map((group) => (group === '' ? '' : group.padStart(4, '0')))
      .join(''),
  )
  return head + tail.padStart(32 - head.length, '0')
}

interface Entry {
  what: 'family' | 'source' | 'destination' | 'payload' | 'other'
  vendor: number
  type: number
  /** Text of an address, else hexadecimal. */
  value: string
}

/** The packet as it should be. */
class Model {
  entries: Entry[] = []

  find(match: (entry: Entry) => boolean): Entry | undefined {
    return this.entries.find(match)
  }

  remove(match: (entry: Entry) => boolean): void {
    this.entries = this.entries.filter((entry) => !match(entry))
  }

  /** In its place, or before the payload. */
  put(entry: Entry, match: (entry: Entry) => boolean): void {
    const there = this.find(match)
    if (there) {
      there.value = entry.value
      return
    }
    const payload = this.entries.findIndex(({ what }) => what === 'payload')
    this.entries.splice(payload < 0 ? this.entries.length : payload, 0, entry)
  }

  putAddress(what: 'source' | 'destination', text: string): void {
    const other = this.find((entry) => entry.what === (what === 'source' ? 'destination' : 'source'))
    let mine = text
    if (other && mine.includes(':') && !other.value.includes(':')) other.value = `::ffff:${other.value}`
    else if (other && !mine.includes(':') && other.value.includes(':')) {
      if (other.value.startsWith('::ffff:')) other.value = other.value.slice(7)
      else mine = `::ffff:${mine}`
    }
    this.put({ what, vendor: 0, type: 0, value: mine }, (entry) => entry.what === what)
    const family = mine.includes(':') ? '0a' : '02'
    this.put({ what: 'family', vendor: 0, type: 1, value: family }, (entry) => entry.what === 'family')
  }

  lines(): string[] {
    return this.entries.map(({ what, vendor, type, value }) => {
      if (what !== 'source' && what !== 'destination') return `${vendor}/${type}=${value}`
      const number = (what === 'source' ? 3 : 4) + (value.includes(':') ? 2 : 0)
      return `0/${number}=${addressHex(value)}`
    })
  }

  packet(): Buffer {
    const parts = this.lines().map((line) => {
      const [, vendor, type, data] = /^(\d+)\/(\d+)=(.*)$/.exec(line) as unknown as string[]
      return chunk(Number(type), Buffer.from(data as string, 'hex'), Number(vendor))
    })
    return hep3(...parts)
  }
}

function randomModel(random: Random): Model {
  const model = new Model()
  const texts = random.below(2) === 0 ? IPV4 : IPV6
  const all: Entry[] = [
    { what: 'source', vendor: 0, type: 0, value: random.pick(texts) },
    { what: 'destination', vendor: 0, type: 0, value: random.pick(texts) },
    { what: 'family', vendor: 0, type: 1, value: texts === IPV4 ? '02' : '0a' },
    { what: 'payload', vendor: 0, type: 15, value: textHex(`payload ${random.below(100)}`) },
    ...Object.values(NUMBERS).map(
      ([type, octets]): Entry => ({ what: 'other', vendor: 0, type, value: randomHex(random, octets) }),
    ),
    ...Array.from({ length: random.below(6) }, (): Entry => {
      const [vendor, type] = random.pick([...LIST, ...STRANGE])
      return { what: 'other', vendor, type, value: textHex('x'.repeat(random.below(5))) }
    }),
  ]
  while (all.length > 0) {
    const [entry] = all.splice(random.below(all.length), 1)
    if (random.below(8) > 0) model.entries.push(entry as Entry)
  }
  return model
}

function randomHex(random: Random, octets: number): string {
  return Array.from({ length: octets }, () => numberHex(random.below(256), 1)).join('')
}

/** One edit of both; true when the packet took it as it should. */
function edit(random: Random, one: EditedPacket, model: Model): boolean {
  switch (random.below(8)) {
    case 0:
    case 1:
      return editAddress(random, one, model)
    case 2:
      return editNumber(random, one, model)
    case 3:
      return editPayload(random, one, model)
    case 4:
      model.remove(({ what }) => what === 'family')
      return one.delete('proto_family')
    case 5:
      return !one.set('timestamp', 1) && !one.set('src_port', 65_536) && !one.set('src_ip', 'x')
    default:
      return editList(random, one, model)
  }
}

function editAddress(random: Random, one: EditedPacket, model: Model): boolean {
  const what = random.pick(['source', 'destination'] as const)
  const id = what === 'source' ? random.pick(['src_ip', '5']) : random.pick([4, 'dst_ip6'])
  if (random.below(6) === 0) {
    model.remove((entry) => entry.what === what)
    return one.delete(id)
  }
  const text = random.pick(random.pick([IPV4, IPV6]))
  model.putAddress(what, text)
  return one.set(id, text)
}

function editNumber(random: Random, one: EditedPacket, model: Model): boolean {
  const id = random.pick(Object.keys(NUMBERS))
  const [type, octets] = NUMBERS[id] as [number, number]
  const isIt = (entry: Entry) => entry.vendor === 0 && entry.type === type
  if (id.startsWith('timestamp') || random.below(4) === 0) {
    model.remove(isIt)
    return one.delete(id)
  }
  const value = random.below(256 ** octets)
  model.put({ what: 'other', vendor: 0, type, value: numberHex(value, octets) }, isIt)
  return one.set(id, random.pick([value, `${value}`]))
}

function editPayload(random: Random, one: EditedPacket, model: Model): boolean {
  if (random.below(4) === 0) {
    model.remove(({ what }) => what === 'payload')
    return one.delete('payload')
  }
  const text = `new ${random.below(1000)}`
  const entry: Entry = { what: 'payload', vendor: 0, type: 15, value: textHex(text) }
  model.put(entry, ({ what }) => what === 'payload')
  return one.set('payload', text)
}

/** Of several the first. */
function editList(random: Random, one: EditedPacket, model: Model): boolean {
  const [vendor, type] = random.pick(LIST)
  const isIt = (entry: Entry) => entry.what === 'other' && entry.vendor === vendor && entry.type === type
  const there = model.find(isIt)
  if (random.below(3) === 0) {
    model.remove((entry) => entry === there)
    return one.delete(type, { vendor }) === (there !== undefined)
  }
  const value = `value ${random.below(1000)}`
  model.put({ what: 'other', vendor, type, value: textHex(value) }, isIt)
  return one.set(type, value, { vendor })
}

t.test('edit, encode, decode: what the model holds, to a second reader and to C++', async (t) => {
  const random = new Random(20)
  const engine = newEngine()
  for (let round = 0; round < 20; round++) {
    const models = Array.from({ length: 100 }, () => randomModel(random))
    const packets = models.map((model, i) => {
      const one = new EditedPacket(model.packet())
      for (let edits = random.below(12); edits > 0; edits--) {
        if (!edit(random, one, model))
          t.fail(`packet ${i} of round ${round} refused an edit, or took a wrong one`)
      }
      t.same(chunkLines(one.encode()), model.lines())
      return one.encode()
    })
    const batch = batchOf(engine, packets)
    t.equal(batch.rows, models.length, 'C++ takes them all')
    for (const [i, model] of models.entries()) {
      const message = batch.message(i)
      const { sourceIp, destinationIp, payload } = message
      t.same(
        { sourceIp, destinationIp, payload: payload.toString('hex') },
        {
          sourceIp: model.find(({ what }) => what === 'source')?.value ?? '',
          destinationIp: model.find(({ what }) => what === 'destination')?.value ?? '',
          payload: model.find(({ what }) => what === 'payload')?.value ?? '',
        },
      )
      readsAlike(t, EditedPacket.of(message), model)
    }
    batch.release()
  }
  engine.close()
})

function readsAlike(
  t: { equal: (a: unknown, b: unknown, name: string) => boolean },
  one: EditedPacket,
  model: Model,
) {
  for (const id of ['src_port', 'dst_port', 'timestamp', 'timestamp_us', 'captagent_id']) {
    const [type] = NUMBERS[id] as [number, number]
    const value = model.find((entry) => entry.vendor === 0 && entry.type === type)?.value
    t.equal(one.get(id)?.value, value && Number.parseInt(value, 16), id)
  }
  for (const [vendor, type] of LIST) {
    const value = model.find(
      (entry) => entry.what === 'other' && entry.vendor === vendor && entry.type === type,
    )
    t.equal(
      one.get(type, { vendor })?.value,
      value && Buffer.from(value.value, 'hex').toString(),
      `${vendor}/${type}`,
    )
  }
}

t.test('damaged packets: nothing throws, and what is taken is sound', async (t) => {
  const random = new Random(21)
  const ids = [
    'proto_family',
    'proto_id',
    'src_ip',
    'dst_ip',
    'src_port',
    'proto_type',
    'payload',
    'vlan',
    31,
  ]
  const values = ['x', '1', '10.0.0.9', '::9', 'TCP', 'SIP']
  let taken = 0
  for (let i = 0; i < 5000; i++) {
    const whole = packet('payload', { correlation: 'id' })
    for (let n = random.below(6); n >= 0; n--) whole[random.below(whole.length)] = random.below(256)
    const damaged = random.below(3) === 0 ? whole.subarray(0, random.below(whole.length)) : whole
    const before = Buffer.from(damaged)
    const one = new EditedPacket(damaged)
    for (let n = 0; n < 4; n++) {
      const id = random.pick(ids)
      one.get(id)
      if (random.below(3) === 0) one.delete(id)
      else one.set(id, random.pick(values))
    }
    if (!damaged.equals(before)) t.fail('the packet was written')
    if (one.changed) taken += Number(chunkLines(one.encode()).length >= 0)
    else if (one.encode() !== damaged) t.fail('an unchanged packet is another one')
  }
  t.ok(taken > 1000, `${taken} of them took an edit`)
})
