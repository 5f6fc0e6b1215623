// How a chunk, a vendor and a type of data are written, and what is said of those that are none.

import t from 'tap'
import { binding } from '../../lib/binding.js'
import { chunkKey, parseChunkId, parseDataType, parseVendor, vendorOf } from '../../lib/hep/chunk-id.js'

const message = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

t.test('every chunk of the registry by name, in any case, and by number in three spellings', async (t) => {
  for (const { name, type } of binding.chunks) {
    for (const id of [name, name.toUpperCase(), ` ${name}\t`, type, `${type}`, `00${type}`]) {
      t.equal(parseChunkId(id).type, type, String(id))
    }
    for (const id of [`0x${type.toString(16)}`, `0X00${type.toString(16).toUpperCase()}`]) {
      t.equal(parseChunkId(id).type, type, id)
    }
  }
})

t.test('the names of OpenSIPS', async (t) => {
  const names = ['proto_family', 'proto_id', 'src_ip', 'dst_ip', 'src_port', 'dst_port', 'timestamp']
  const more = ['timestamp_us', 'proto_type', 'captagent_id', 'payload']
  t.same(
    [...names, ...more].map((name) => parseChunkId(name).type),
    [1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 15],
  )
})

t.test('"11" is decimal, "0x11" is not', async (t) => {
  t.equal(parseChunkId('11').registered?.name, 'proto_type')
  t.equal(parseChunkId('0x11').registered?.name, 'correlation_id')
  t.equal(parseChunkId('0x0011').registered?.name, 'correlation_id')
})

t.test('ids that no registry has', async (t) => {
  for (const id of ['31', '0x1f', 31])
    t.same(parseChunkId(id), { type: 31, registered: undefined, genericOnly: false })
  t.equal(parseChunkId(65535).type, 65535)
})

t.test('what is no id', async (t) => {
  for (const id of [
    '',
    ' ',
    'src',
    'src_ipfoo',
    'src_ip 3',
    '-1',
    '+3',
    '1.0',
    '0x',
    '0xg',
    '11h',
    '1e3',
    'Infinity',
  ]) {
    t.equal(chunkKey(id), undefined, id)
    t.match(
      message(() => parseChunkId(id)),
      `"${id}" is no chunk: write a name such as src_ip`,
    )
  }
  for (const id of ['0', '0x0', '65536', '0x10000', '99999999999999999999', 0, -1, 1.5, Number.NaN, 65536]) {
    t.equal(chunkKey(id), undefined, String(id))
    t.equal(
      message(() => parseChunkId(id)),
      `${id} is no chunk id: ids are whole numbers from 1 to 65535`,
    )
  }
})

t.test('vendors by number and by name', async (t) => {
  for (const { name, number } of binding.vendors) {
    for (const text of [name, name.toUpperCase(), `${number}`, `0x${number.toString(16)}`, number]) {
      t.equal(parseVendor(text), number)
    }
  }
  t.equal(parseVendor('65535'), 65535)
  for (const text of ['', 'me', '-1', '65536', '3x', 1.5, -1]) {
    t.equal(
      message(() => parseVendor(text)),
      `${JSON.stringify(text)} is no vendor: write a number from 0 to 65535`,
    )
  }
})

t.test('types of data in any case', async (t) => {
  const types = [
    'uint8',
    'uint16',
    'uint32',
    'uint64',
    'inet4-addr',
    'inet6-addr',
    'utf8-string',
    'octet-string',
  ]
  for (const type of types)
    for (const text of [type, type.toUpperCase(), ` ${type} `]) t.equal(parseDataType(text), type)
  t.equal(
    message(() => parseDataType('int')),
    '"int" is no type of data: write one of uint8, uint16, uint32, uint64, inet4-addr, inet6-addr, utf8-string, octet-string',
  )
})

t.test('whose chunk is meant', async (t) => {
  const owner = (id: string | number, asked?: number) => vendorOf(parseChunkId(id), asked)
  t.equal(owner('31'), 3, 'OpenSIPS, for what is not of the registry')
  t.equal(owner('31', 0), 0)
  t.equal(owner('31', 9), 9)
  t.equal(owner('31', 65536), undefined)
  t.equal(owner('31', -1), undefined)
  t.equal(owner('31', 0.5), undefined)
  for (const { name, type } of binding.chunks) {
    t.equal(owner(name), 0)
    t.equal(owner(type), 0)
    t.equal(owner(name, 0), 0)
    t.equal(owner(name, 3), undefined, `${name} is generic`)
    t.equal(owner(type, 3), type <= 0x12 ? undefined : 3, `${type} with a vendor`)
  }
})
