// Chunks as routes read, write and delete them.

import { gzipSync } from 'node:zlib'
import t from 'tap'
import { binding } from '../../lib/binding.js'
import type { ChunkDataType } from '../../lib/hep/chunk-types.js'
import { EditedPacket } from '../../lib/hep/edit.js'
import { chunkLines } from '../support/chunks.js'
import { batchOf, newEngine } from '../support/engine.js'
import { chunk, hep1, hep2, hep3, options, packet, packet6, u8, u16, u32 } from '../support/packets.js'

const engine = newEngine()
t.teardown(() => engine.close())

const edited = (octets: Buffer = packet('payload')) => new EditedPacket(octets)
const spellings = (name: string, type: number) => [
  name,
  name.toUpperCase(),
  type,
  `${type}`,
  `0x${type.toString(16)}`,
]
const good = (octets: Buffer) => {
  const fields = new Uint32Array(binding.decodedHepFields.length)
  return binding.decodeHep(octets, Uint32Array.of(octets.length), fields) === 1
}

t.test('what every packet has, by each spelling of its id, whatever type is asked for', async (t) => {
  const ipv6 = '2001:db8::'
  const expected: [string, number, string | number, string | number][] = [
    ['proto_family', 1, 'AF_INET', 'AF_INET6'],
    ['proto_id', 2, 'UDP', 'UDP'],
    ['src_ip', 3, '10.0.0.1', `${ipv6}1`],
    ['dst_ip', 4, '10.0.0.2', `${ipv6}2`],
    ['src_ip6', 5, '10.0.0.1', `${ipv6}1`],
    ['dst_ip6', 6, '10.0.0.2', `${ipv6}2`],
    ['src_port', 7, 5060, 5060],
    ['dst_port', 8, 5080, 5080],
    ['timestamp', 9, 1_700_000_000, 1_700_000_000],
    ['timestamp_us', 10, 123_456, 123_456],
    ['proto_type', 11, 'SIP', 'SIP'],
    ['captagent_id', 12, 7, 7],
    ['payload', 15, 'payload', 'payload'],
    ['payload_compressed', 16, 'payload', 'payload'],
  ]
  const [four, six] = [edited(), edited(packet6('payload'))]
  for (const [name, type, inFour, inSix] of expected) {
    for (const id of spellings(name, type)) {
      for (const asked of [undefined, 'uint8', 'utf8-string', 'inet6-addr'] as const) {
        t.same(four.get(id, { type: asked }), { value: inFour, vendor: 0 }, `${id} as ${asked}`)
        t.same(six.get(id, { type: asked, vendor: 0 }), { value: inSix, vendor: 0 }, `${id} as ${asked}`)
      }
      t.equal(four.get(id, { vendor: 3 }), undefined, `${id} of a vendor`)
    }
  }
})

const samples: Record<string, [string | number, string][]> = {
  uint8: [
    [0, '00'],
    ['200', 'c8'],
    [255, 'ff'],
  ],
  uint16: [
    ['0', '0000'],
    [40_000, '9c40'],
    ['65535', 'ffff'],
  ],
  uint32: [
    [0, '00000000'],
    [2_147_483_648, '80000000'],
    ['4294967295', 'ffffffff'],
  ],
  uint64: [
    [0x0200_0000_0001, '0000020000000001'],
    ['18446744073709551615', 'ffffffffffffffff'],
  ],
  octets: [
    ['', ''],
    ['text', '74657874'],
    ['grüß', '6772c3bcc39f'],
    ['a\0b', '610062'],
  ],
}

t.test('every chunk of the registry is written, read and deleted by each spelling', async (t) => {
  const meaningful = [1, 2, 3, 4, 5, 6, 9, 10, 11, 15, 16]
  for (const { name, type, kind } of binding.chunks.filter((one) => !meaningful.includes(one.type))) {
    for (const id of spellings(name, type)) {
      for (const [value, data] of samples[kind] as [string | number, string][]) {
        const one = edited(hep3(chunk(15, 'x')))
        t.ok(one.set(id, value), `${id} = ${value}`)
        t.same(chunkLines(one.encode()), [`0/${type}=${data}`, '0/15=78'])
        const number = Number(value)
        const read = kind === 'octets' || !Number.isSafeInteger(number) ? value : number
        t.same(one.get(id), { value: read, vendor: 0 })
        t.ok(good(one.encode()))
        t.ok(one.delete(id))
        t.same(chunkLines(one.encode()), ['0/15=78'])
        t.equal(one.get(id), undefined)
        t.equal(one.delete(id), type <= 12, 'of what always has a place deleting is no failure')
      }
      const one = edited()
      t.notOk(one.set(name, '1', { vendor: 3 }))
      t.notOk(one.delete(name, { vendor: 3 }))
      t.notOk(one.changed)
    }
  }
})

const typed: [ChunkDataType, string | number, string, string | number][] = [
  ['uint8', '200', 'c8', 200],
  ['uint16', 65_535, 'ffff', 65_535],
  ['uint32', '132', '00000084', 132],
  ['uint32', 0xffff_ffff, 'ffffffff', 0xffff_ffff],
  ['uint64', '9007199254740993', '0020000000000001', '9007199254740993'],
  ['inet4-addr', '192.168.5.14', 'c0a8050e', '192.168.5.14'],
  ['inet6-addr', '2001:DB8:0:0::1', '20010db8000000000000000000000001', '2001:db8::1'],
  ['inet6-addr', '::ffff:10.0.0.1', '00000000000000000000ffff0a000001', '::ffff:10.0.0.1'],
  ['utf8-string', 'ü', 'c3bc', 'ü'],
  ['octet-string', 'ü\0', 'fc00', 'ü\0'],
  ['utf8-string', 5, '35', '5'],
]

t.test('chunks of every vendor, in every type of data', async (t) => {
  const vendors = [...binding.vendors.map(({ number }) => number), 9, 65_535]
  for (const vendor of vendors) {
    for (const id of [31, '0x1f', 25, 65_535, '0x20']) {
      for (const [type, value, data, read] of typed) {
        if (id === '0x20' && vendor === 0) continue
        const number = Number(id)
        const one = edited(hep3(chunk(number, 'other', 77), chunk(15, 'x')))
        const label = `${vendor}/${id} as ${type}`
        t.ok(one.set(id, value, { type, vendor }), label)
        const rest = [`77/${number}=6f74686572`]
        t.same(chunkLines(one.encode()), [...rest, `${vendor}/${number}=${data}`, '0/15=78'], label)
        t.same(one.get(id, { type, vendor }), { value: read, vendor }, label)
        t.ok(one.delete(id, { vendor }))
        t.same(chunkLines(one.encode()), [...rest, '0/15=78'])
        t.notOk(one.delete(id, { vendor }))
      }
    }
  }
})

t.test('without a vendor an id of no registry is that of OpenSIPS', async (t) => {
  const one = edited(hep3(chunk(31, '0'), chunk(31, '9', 9)))
  t.equal(one.get(31), undefined)
  t.ok(one.set(31, '3'))
  t.same(one.get('31'), { value: '3', vendor: 3 })
  t.same(chunkLines(one.encode()), ['0/31=30', '9/31=39', '3/31=33'])
  t.ok(one.delete('0x1f'))
  t.same(chunkLines(one.encode()), ['0/31=30', '9/31=39'])
  t.notOk(one.delete('0x1f'))
})

t.test('what a type cannot hold', async (t) => {
  const wrong: Record<ChunkDataType, (string | number)[]> = {
    uint8: [
      256,
      '256',
      -1,
      '-1',
      '+1',
      '',
      ' ',
      ' 1',
      '1x',
      'x',
      '0x10',
      '1.5',
      1.5,
      Number.NaN,
      1e21,
      '9'.repeat(40),
    ],
    uint16: [65_536, '65536', -1, 'a'],
    uint32: [4_294_967_296, '4294967296', -1, '1e3'],
    uint64: ['18446744073709551616', -1, 2 ** 53, '9'.repeat(21)],
    'inet4-addr': ['::1', '1.2.3', '1.2.3.256', '1.2.3.4.5', 'host', '', 1, '01.2.3.4', '1.2.3.4 '],
    'inet6-addr': ['1.2.3.4', 'fe80::1%eth0', ':::', '1:2:3:4:5:6:7', '[::1]', '', 'g::1'],
    'utf8-string': [],
    'octet-string': ['€', 'a\u0100'],
  }
  const one = edited(hep3(chunk(31, 'as it was', 3)))
  for (const [type, values] of Object.entries(wrong) as [ChunkDataType, (string | number)[]][]) {
    for (const value of values) t.notOk(one.set(31, value, { type }), `${value} as ${type}`)
  }
  t.notOk(one.set(31, 'x', { type: 'word' as ChunkDataType }))
  t.notOk(one.set('nothing', 'x'))
  t.notOk(one.set(0, 'x'))
  t.notOk(one.changed)
  t.equal(one.get('nothing'), undefined)
  t.notOk(one.delete('nothing'))
  t.ok(one.set(31, `${'0'.repeat(50)}1`, { type: 'uint8' }), 'zeros before a number are nothing')
})

t.test('a chunk of the registry takes no data that is longer or shorter', async (t) => {
  const one = edited()
  t.notOk(one.set('vlan', '7', { type: 'uint32' }))
  t.notOk(one.set('vlan', 'text', { type: 'utf8-string' }))
  t.notOk(one.set('vlan', '65536'))
  t.ok(one.set('vlan', '\0\x07', { type: 'octet-string' }))
  t.same(one.get('vlan'), { value: 7, vendor: 0 })
  t.ok(one.set('correlation_id', '1', { type: 'uint32' }), 'octets are any number of them')
  t.same(one.get('correlation_id', { type: 'uint32' }), { value: 1, vendor: 0 })
})

t.test('data of another length than the type that is asked for is not read', async (t) => {
  const widths: Partial<Record<ChunkDataType, number>> = {
    uint8: 1,
    uint16: 2,
    uint32: 4,
    uint64: 8,
    'inet4-addr': 4,
    'inet6-addr': 16,
  }
  for (let size = 0; size < 20; size++) {
    const one = edited(hep3(chunk(31, Buffer.alloc(size, 0xc8), 3), chunk(18, Buffer.alloc(size))))
    for (const [type, width] of Object.entries(widths) as [ChunkDataType, number][]) {
      t.equal(one.get(31, { type }) !== undefined, size === width, `${size} octets as ${type}`)
    }
    t.equal(one.get('vlan') !== undefined, size === 2)
    t.equal(one.get(31, { type: 'octet-string' })?.value, 'È'.repeat(size))
  }
  const odd = edited(hep3(chunk(7, 'abc'), chunk(2, ''), chunk(9, 'x'), chunk(11, 'xy')))
  for (const id of ['src_port', 'proto_id', 'timestamp', 'proto_type']) t.equal(odd.get(id), undefined, id)
})

t.test('transport: names by number, numbers by name', async (t) => {
  const one = edited()
  const names: [string | number, number, string | number][] = [
    ['UDP', 17, 'UDP'],
    ['tcp', 6, 'TCP'],
    ['BIN', 6, 'TCP'],
    ['tls', 22, 'TLS'],
    ['Sctp', 132, 'SCTP'],
    ['ws', 50, 'WS'],
    ['wss', 50, 'WS'],
    ['HEP', 17, 'UDP'],
    [1, 1, 1],
    ['255', 255, 255],
    [132, 132, 'SCTP'],
  ]
  for (const [value, number, read] of names) {
    t.ok(one.set('proto_id', value), String(value))
    t.match(chunkLines(one.encode())[1], `0/2=${number.toString(16).padStart(2, '0')}`)
    t.same(one.get(2), { value: read, vendor: 0 })
  }
  for (const value of ['', 'udpx', 256, -1, 'icmp']) t.notOk(one.set('proto_id', value), String(value))
})

t.test('protocol types: labels to 13, numbers above, either way in', async (t) => {
  const one = edited()
  for (const { number, name } of binding.protocolTypes) {
    for (const value of [name, name.toLowerCase(), number, `${number}`]) {
      t.ok(one.set('proto_type', value), String(value))
      t.same(one.get('proto_type'), { value: number <= 13 ? name : number, vendor: 0 })
    }
  }
  const scripts = 'sip xmpp sdp rtp rtcp mgcp megaco m2ua m3ua iax h322 h321 m2pa'.split(' ')
  for (const [i, name] of scripts.entries()) {
    t.ok(one.set('proto_type', name))
    t.ok(one.encode().includes(chunk(11, u8(i + 1))), name)
  }
  t.ok(one.set(11, 200))
  t.same(one.get(11), { value: 200, vendor: 0 })
  for (const value of ['', 'sipx', 'H.321', 256, -1]) t.notOk(one.set('proto_type', value), String(value))
})

t.test('the family and the times are not written, which ends nothing', async (t) => {
  const one = edited()
  for (const [id, value] of [
    ['proto_family', 'AF_INET6'],
    ['proto_family', 10],
    ['timestamp', 1],
    ['timestamp_us', '1'],
    [9, 1],
  ] as const)
    t.notOk(one.set(id, value), String(id))
  t.notOk(one.changed)
})

t.test('deleted: each chunk that has a place, all of them when there are several', async (t) => {
  for (const { name, type } of binding.chunks.filter((one) => one.type <= 12 || one.name === 'payload')) {
    const twice = Buffer.concat(Array(2).fill(packet('payload').subarray(6)))
    const one = edited(hep3(chunk(31, 'kept', 3), twice))
    t.ok(one.delete(name), name)
    t.equal(one.get(name), undefined)
    const gone = [
      [3, 5],
      [4, 6],
    ].find((pair) => pair.includes(type)) ?? [type]
    t.equal(chunkLines(one.encode()).length, 23 - 2, name)
    t.notOk(chunkLines(one.encode()).some((line) => gone.some((id) => line.startsWith(`0/${id}=`))))
    t.ok(good(one.encode()))
    const before = one.encode()
    t.ok(one.delete(name), 'again')
    t.equal(one.encode(), before)
  }
})

t.test('what was deleted can be set again, before the payload', async (t) => {
  const one = edited()
  for (const [id, value, data] of [
    ['proto_id', 'TCP', '0/2=06'],
    ['src_port', 1, '0/7=0001'],
    ['dst_port', 2, '0/8=0002'],
    ['proto_type', 'RTCP', '0/11=05'],
    ['captagent_id', 0xffff_ffff, '0/12=ffffffff'],
  ] as const) {
    t.ok(one.delete(id))
    t.ok(one.set(id, value))
    t.same(chunkLines(one.encode()).slice(-2), [data, '0/15=7061796c6f6164'])
  }
})

t.test('the last of several counts where a chunk has a place, else the first', async (t) => {
  const octets = hep3(
    chunk(7, u16(1)),
    chunk(0x11, 'a'),
    chunk(15, 'old'),
    chunk(7, u16(2)),
    chunk(0x11, 'b'),
    chunk(15, 'new'),
  )
  const one = edited(octets)
  t.equal(one.get('src_port')?.value, 2)
  t.equal(one.get('correlation_id')?.value, 'a')
  t.equal(one.get('payload')?.value, 'new')
  for (const id of ['src_port', 'correlation_id', 'payload']) t.ok(one.set(id, 9))
  t.same(chunkLines(one.encode()), ['0/7=0001', '0/17=39', '0/15=6f6c64', '0/7=0009', '0/17=62', '0/15=39'])
  t.ok(one.delete('correlation_id'))
  t.equal(one.get('correlation_id')?.value, 'b')
})

t.test('addresses: the family follows, and both ends are of one', async (t) => {
  const ends = (one: EditedPacket) => ['proto_family', 'src_ip', 'dst_ip'].map((id) => one.get(id)?.value)
  const one = edited()
  t.ok(one.set('src_ip', '192.0.2.1'))
  t.same(ends(one), ['AF_INET', '192.0.2.1', '10.0.0.2'])
  t.ok(one.set('dst_ip6', '2001:db8::2'), 'the other name is the same chunk')
  t.same(ends(one), ['AF_INET6', '::ffff:192.0.2.1', '2001:db8::2'])
  t.same(chunkLines(one.encode()).slice(0, 4), [
    '0/1=0a',
    '0/2=11',
    '0/5=00000000000000000000ffffc0000201',
    '0/6=20010db8000000000000000000000002',
  ])
  t.ok(good(one.encode()))
  t.ok(one.set('src_ip', '192.0.2.7'), 'an IPv6 address at the other end has no IPv4')
  t.same(ends(one), ['AF_INET6', '::ffff:192.0.2.7', '2001:db8::2'])
  t.ok(one.set('dst_ip', '192.0.2.8'), 'but two IPv4 addresses are IPv4, whatever came first')
  t.same(ends(one), ['AF_INET', '192.0.2.7', '192.0.2.8'])
  t.ok(good(one.encode()))
  t.ok(one.set(3, '::1'))
  t.ok(one.set(4, '::2'))
  t.same(ends(one), ['AF_INET6', '::1', '::2'])
  for (const value of ['', 'host', '1.2.3', 'fe80::1%lo', 7]) t.notOk(one.set('src_ip', value), String(value))
  t.notOk(one.set('src_ip', '::1', { type: 'inet4-addr' }))
  t.notOk(one.set('src_ip', '1.1.1.1', { type: 'inet6-addr' }))
  t.ok(one.set('src_ip', '::3', { type: 'utf8-string' }))
})

t.test('addresses that were not there', async (t) => {
  const one = edited(hep3(chunk(15, 'x')))
  t.equal(one.get('src_ip'), undefined)
  t.equal(one.get('proto_family'), undefined)
  t.ok(one.set('src_ip', '10.0.0.1'))
  t.same(chunkLines(one.encode()), ['0/3=0a000001', '0/1=02', '0/15=78'])
  t.ok(one.set('src_ip', '::1'))
  t.same(chunkLines(one.encode()), ['0/5=00000000000000000000000000000001', '0/1=0a', '0/15=78'])
  t.ok(one.delete('src_ip'))
  t.ok(one.set('dst_ip', '10.0.0.2'))
  t.same(chunkLines(one.encode()), ['0/1=02', '0/4=0a000002', '0/15=78'])
})

t.test('families of other systems, odd ones, and none', async (t) => {
  const source6 = chunk(5, Buffer.from('20010db8000000000000000000000001', 'hex'))
  for (const number of [10, 23, 28, 30]) {
    const one = edited(hep3(chunk(1, u8(number)), source6))
    t.equal(one.get('proto_family')?.value, 'AF_INET6')
    t.ok(one.set('src_ip', '2001:db8::9'))
    t.match(
      chunkLines(one.encode())[0],
      `0/1=${number.toString(16).padStart(2, '0')}`,
      'kept while it is true',
    )
    t.ok(one.set('src_ip', '10.0.0.9'))
    t.same(chunkLines(one.encode()), ['0/1=02', '0/3=0a000009'])
  }
  const odd = edited(hep3(chunk(1, u8(77)), source6))
  t.equal(odd.get('proto_family')?.value, 'AF_INET6')
  t.equal(odd.get('src_ip')?.value, '2001:db8::1')
  const silent = edited(hep3(source6))
  t.equal(silent.get('proto_family'), undefined)
  t.equal(silent.get('src_ip')?.value, '2001:db8::1')
  t.equal(edited(hep3(chunk(1, u8(77)))).get('proto_family'), undefined)
})

t.test('a packet with both pairs keeps the hidden one until it would count', async (t) => {
  const chunks = [chunk(5, Buffer.alloc(16, 5)), chunk(6, Buffer.alloc(16, 6))]
  const octets = hep3(packet('x').subarray(6), ...chunks)
  const kept = edited(octets)
  t.ok(kept.set('src_ip', '10.9.9.9'))
  t.equal(chunkLines(kept.encode()).length, 13)
  for (const edit of [
    (one: EditedPacket) => one.set('src_ip', '2001:db8::1'),
    (one: EditedPacket) => one.delete('proto_family'),
    (one: EditedPacket) => one.delete('src_ip'),
  ]) {
    const one = edited(octets)
    t.ok(good(one.encode()))
    t.ok(edit(one))
    t.ok(good(one.encode()), edit.toString())
    t.match(one.get('dst_ip')?.value, /10\.0\.0\.2$/)
  }
})

t.test('the family switches: of several addresses those that counted stay, each in its place', async (t) => {
  const ipv4 = (last: number) => Buffer.from([10, 0, 0, last])
  const octets = hep3(
    chunk(1, u8(2)),
    chunk(4, ipv4(2)),
    chunk(3, ipv4(8)),
    chunk(31, 'kept', 3),
    chunk(3, ipv4(1), 9),
    chunk(5, Buffer.alloc(16, 5)),
    chunk(3, ipv4(1)),
    chunk(6, Buffer.alloc(16, 6)),
  )
  const one = edited(octets)
  t.equal(one.get('src_ip')?.value, '10.0.0.1')
  t.ok(one.set('src_ip', '::1'))
  t.same(chunkLines(one.encode()), [
    '0/1=0a',
    '0/6=00000000000000000000ffff0a000002',
    '3/31=6b657074',
    '9/3=0a000001',
    '0/5=00000000000000000000000000000001',
  ])
})

t.test('payload: octets that are no UTF-8 survive being read and written', async (t) => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const payloads = [
    all,
    Buffer.from('grüße 漢字 \u{1f600}\0'),
    Buffer.from('c3', 'hex'),
    Buffer.from('e28261f09f9880f09f98eda080edb080c0afff', 'hex'),
    Buffer.concat([
      Buffer.from('\u{1f600}'),
      Buffer.from([0x80]),
      Buffer.from('\u{1f600}'),
      Buffer.from([0xf0, 0x9f]),
    ]),
    Buffer.from('\ufeffmark'),
  ]
  for (const payload of payloads) {
    const one = edited(packet(payload))
    for (const type of [undefined, 'utf8-string', 'octet-string'] as const) {
      const text = one.get('payload', { type })?.value as string
      t.ok(one.set('payload', 'else'))
      t.ok(one.set('payload', text, { type }))
      t.same(one.encode(), packet(payload), payload.toString('hex'))
    }
    t.equal(one.get('payload', { type: 'octet-string' })?.value, payload.toString('latin1'))
  }
  t.equal(edited(packet('grüße')).get('payload')?.value, 'grüße')
})

t.test('payload: what is set is not compressed, whatever was there', async (t) => {
  const text = options('call')
  const zipped = gzipSync(text)
  const octets = hep3(packet('').subarray(6, -6), chunk(16, zipped), chunk(31, 'kept', 3))
  const batch = batchOf(engine, [octets])
  const one = EditedPacket.of(batch.message(0))
  t.equal(one.get('payload')?.value, text, 'it is read inflated')
  t.ok(one.set('src_port', 1))
  t.equal(one.get('payload')?.value, text)
  t.ok(one.encode().includes(zipped), 'and stays compressed until it is set')
  t.ok(one.set('payload', 'plain'))
  t.same(chunkLines(one.encode()).slice(-2), ['0/15=706c61696e', '3/31=6b657074'])
  t.equal(one.get('payload')?.value, 'plain')
  t.ok(one.delete('payload'))
  t.equal(one.get('payload'), undefined)
  t.same(chunkLines(one.encode()).slice(-1), ['3/31=6b657074'])
  t.ok(one.set('payload_compressed', 'x'), 'the other name is the same chunk')
  t.same(chunkLines(one.encode()).slice(-2), ['3/31=6b657074', '0/15=78'])
  batch.release()
})

t.test(
  'payload: one that does not inflate is read as it came, and the last of both kinds counts',
  async (t) => {
    const batch = batchOf(engine, [hep3(chunk(11, u8(1)), chunk(16, 'no gzip'))])
    t.equal(EditedPacket.of(batch.message(0)).get('payload')?.value, 'no gzip')
    batch.release()
    const both = edited(hep3(chunk(16, 'z'), chunk(15, 'plain')))
    t.equal(both.get('payload')?.value, 'plain')
    t.ok(both.set('payload', 'new'))
    t.same(chunkLines(both.encode()), ['0/15=6e6577'])
    const other = edited(hep3(chunk(15, 'plain'), chunk(16, 'z')))
    t.equal(other.get('payload')?.value, 'z')
    t.ok(other.set('payload', 'new'))
    t.same(chunkLines(other.encode()), ['0/15=706c61696e', '0/15=6e6577'])
  },
)

t.test('65,535 octets in all, and not one more', async (t) => {
  const one = edited(hep3(chunk(7, u16(1))))
  const room = 65_535 - 14 - 6
  t.notOk(one.set('payload', 'x'.repeat(room + 1)))
  t.notOk(one.changed)
  t.ok(one.set('payload', 'x'.repeat(room)))
  t.equal(one.encode().length, 65_535)
  t.notOk(one.set('dst_port', 1), 'no room for another chunk')
  t.ok(one.set('src_port', 2), 'but for this one')
  t.equal(one.get('payload')?.value, 'x'.repeat(room))
  t.ok(good(one.encode()))
})

t.test('a packet that nobody changed is the very octets that came', async (t) => {
  const trailing = Buffer.concat([packet('x'), Buffer.from('behind')])
  for (const octets of [packet('x'), trailing, hep1('x'), hep2('x'), Buffer.from('OPTIONS')]) {
    const one = edited(octets)
    one.get('payload')
    one.set('timestamp', 1)
    one.set('src_ip', 'x')
    one.delete(31)
    t.equal(one.encode(), octets)
    t.notOk(one.changed)
  }
  const one = edited(trailing)
  t.ok(one.set('src_port', 1))
  t.equal(one.encode().length, packet('x').length, 'a changed one has nothing behind its total')
  const same = edited()
  t.ok(same.set('src_port', 5060))
  t.notOk(same.changed, 'nor is it changed by what it holds already')
})

t.test('an edit writes into nobody else', async (t) => {
  const octets = packet('x')
  const before = Buffer.from(octets)
  const one = edited(octets)
  t.ok(one.set('src_port', 1))
  const first = one.encode()
  const copy = Buffer.from(first)
  t.ok(one.set('src_port', 2))
  t.ok(one.set('src_ip', '10.7.7.7'))
  t.same(octets, before)
  t.same(first, copy)
  octets.fill(0)
  first.fill(0)
  t.equal(one.get('src_ip')?.value, '10.7.7.7')
  t.equal(one.get('payload')?.value, 'x')
})

t.test('what nobody knows stays as it is and where it is', async (t) => {
  const strange = [
    chunk(0, 'zero'),
    chunk(0xffff, '', 0xffff),
    chunk(11, 'vendor', 9),
    chunk(31, 'a', 3),
    chunk(31, 'a', 3),
  ]
  const octets = hep3(...strange, packet('x').subarray(6), ...strange)
  const one = edited(octets)
  t.ok(one.set('captagent_id', 8))
  t.ok(one.set('src_ip', '10.0.0.9'))
  const expected = Buffer.from(octets)
  expected.set(u32(8), octets.indexOf(chunk(12, u32(7))) + 6)
  expected.set([10, 0, 0, 9], octets.indexOf(chunk(3, Buffer.from([10, 0, 0, 1]))) + 6)
  t.same(one.encode(), expected)
  const eep3 = edited(Buffer.concat([Buffer.from('EEP3'), octets.subarray(4)]))
  t.ok(eep3.set('captagent_id', 9))
  t.equal(eep3.encode().toString('latin1', 0, 4), 'EEP3')
})

t.test('versions 1 and 2 have no chunks', async (t) => {
  const batch = batchOf(engine, [hep1(options('1')), hep2(options('2'), 10)])
  for (const message of batch) {
    const one = EditedPacket.of(message)
    t.equal(one.get('src_ip'), undefined)
    t.notOk(one.set('src_ip', '10.0.0.9'))
    t.notOk(one.set(31, 'x'))
    t.notOk(one.delete('payload'))
    t.notOk(one.changed)
  }
  batch.release()
})
