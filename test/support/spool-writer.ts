// A process that writes blocks to a spool, one behind the other, and says each number when the spool has it:
//
//   node spool-writer.js FOLDER BLOCKS OCTETS       `OCTETS` of text in each row
//
// Numbers that the disk does not take come as `no CODE`. At the end it waits to be ended.

import { Log } from '../../lib/log.js'
import { Spool } from '../../lib/spool/spool.js'
import { batchOf, newEngine } from './engine.js'
import { options, packet } from './packets.js'
import { Blocks, defaultTables } from './store-blocks.js'

const [folder = '', blocks = '0', octets = '0'] = process.argv.slice(2)
const ROWS = 20
const log = new Log({ logLevel: 'fatal', logFormat: 'text' })
const spool = await Spool.open(folder, 'db', { maxBytes: 1 << 30, full: 'drop-newest' }, log)
const engine = newEngine()
const named = new Blocks()
const text = 'x'.repeat(Number(octets))

for (let i = 0; i < Number(blocks); i++) {
  const packets = Array.from({ length: ROWS }, (_, row) =>
    packet(options(`call-${i}-${row}`, `Subject: ${text}`)),
  )
  const batch = batchOf(engine, packets)
  const block = named.of(batch, { tables: defaultTables(batch) })
  try {
    await spool.append(block, false)
    process.stdout.write(`${block.id.number}\n`)
  } catch (error) {
    process.stdout.write(`no ${(error as { code?: string }).code}\n`)
  }
  batch.release()
}
process.stdout.write('end\n')
setInterval(() => {}, 1000)
