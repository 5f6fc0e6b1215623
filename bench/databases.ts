// Claim: a capture file gets into each database at 0.7 times the rate, or more, that the database's own client alone
// reaches with rows made before.

import { join } from 'node:path'
import type { LedgerSnapshot } from '../lib/ledger.js'
import type { DatabaseEngine, DatabaseTarget } from '../lib/sink/database-target.js'
import { hepcapd } from '../test/support/cli.js'
import { ClickHouseServer, NO_CLICKHOUSE } from '../test/support/clickhouse-server.js'
import { urlOf } from '../test/support/database-url.js'
import { MariadbServer, NO_MARIADB } from '../test/support/mariadb-server.js'
import { NO_POSTGRES, PostgresServer } from '../test/support/postgres-server.js'
import { writeCapture } from './support/capture.js'
import { Child } from './support/child.js'
import { type Answer, type Claim, mustEqual, present } from './support/claim.js'
import type { DriverOrder } from './support/driver-process.js'
import { inFolder } from './support/folder.js'
import { figure, sharedClockMs, spread, spreadText, takeTurns } from './support/measure.js'

const MESSAGES = 200_000
const ROUNDS = 5
const LEAST_RATIO = 0.7

type Driver = Child<DriverOrder, number>

interface Server {
  target(): DatabaseTarget
  remove(): Promise<void>
}

interface Rival {
  client: string
  /** false, or why it cannot be measured here. */
  missing: string | false
  /** Connections of the daemon: the client has as many, or one, whichever is faster. */
  lanes: number
  start(): Promise<Server>
}

/** What a server of its own would be given. */
const MARIADB_SETTINGS = ['--innodb-buffer-pool-size=2G', '--innodb-log-file-size=1G']

const rivals: Record<DatabaseEngine, Rival> = {
  mariadb: {
    client: 'mariadb, conn.batch()',
    missing: NO_MARIADB,
    lanes: 2,
    start: () => MariadbServer.start({ settings: MARIADB_SETTINGS }),
  },
  postgres: {
    client: 'pg, COPY of text',
    missing: NO_POSTGRES,
    lanes: 4,
    start: () => PostgresServer.start(),
  },
  clickhouse: {
    client: '@clickhouse/client, RowBinary',
    missing: NO_CLICKHOUSE,
    lanes: 2,
    start: () => ClickHouseServer.start(),
  },
}

await present(() =>
  inFolder(async (folder) => {
    const files = { full: join(folder, 'calls.pcap'), empty: join(folder, 'empty.pcap') }
    writeCapture(files.full, MESSAGES)
    writeCapture(files.empty, 0)
    const answers: Answer[] = []
    for (const engine of Object.keys(rivals) as DatabaseEngine[]) {
      const { missing } = rivals[engine]
      if (missing) answers.push({ claim: claimFor(engine), missing })
      else answers.push(await reading(engine, rivals[engine], files))
    }
    return answers
  }),
)

async function reading(
  engine: DatabaseEngine,
  { client, lanes, start }: Rival,
  files: { full: string; empty: string },
): Promise<Claim> {
  const server = await start()
  const target = server.target()
  const args = [engine, JSON.stringify(target), String(MESSAGES), String(lanes)]
  const driver: Driver = await Child.start('driver-process.js', args, ['--max-old-space-size=8192'])
  try {
    const { daemon, starting, one, many } = await takeTurns(ROUNDS, {
      daemon: () => throughDaemon(driver, files.full, target, MESSAGES),
      starting: () => throughDaemon(driver, files.empty, target, 0),
      one: () => alone(driver, 1),
      many: () => alone(driver, lanes),
    })
    return claimOf(engine, client, { daemon, starting, one, many })
  } finally {
    driver.end()
    await server.remove()
  }
}

function claimFor(engine: DatabaseEngine): string {
  return `${engine}: a capture file is stored at ${LEAST_RATIO} times the rate of its client alone, or more`
}

function claimOf(
  engine: DatabaseEngine,
  client: string,
  { daemon, starting, one, many }: Record<'daemon' | 'starting' | 'one' | 'many', number[]>,
): Claim {
  const best = spread(one).median < spread(many).median ? one : many
  const start = spread(starting).median
  const ratios = spread(daemon.map((seconds, round) => (best[round] as number) / (seconds - start)))
  const rates = (seconds: number[]) => spreadText(spread(seconds.map((s) => MESSAGES / s)), 'rows/s')
  return {
    claim: claimFor(engine),
    holds: ratios.median >= LEAST_RATIO,
    method:
      `--read of ${figure(MESSAGES)} messages as a whole process, less the time that it takes for an empty file, against ` +
      `${client}, with as many rows in memory, 10,000 a transaction (the faster of one connection and as many as ours); ` +
      `same server, columns and indexes, a fresh table each time; ${ROUNDS} rounds in turns. Rows counted after each.`,
    figures: [
      ['the whole program', rates(daemon.map((seconds) => seconds - start))],
      ['the client, one connection', rates(one)],
      ['the client, as many as ours', rates(many)],
      ['starting and ending', spreadText(spread(starting), 's')],
      ['ratio', spreadText(ratios, 'times')],
    ],
  }
}

/** Seconds. */
async function throughDaemon(
  driver: Driver,
  file: string,
  target: DatabaseTarget,
  messages: number,
): Promise<number> {
  await driver.ask({ act: 'clear' })
  const began = sharedClockMs()
  const { status, out, err } = await hepcapd(['--read', file, '--db-url', urlOf(target)])
  const took = (sharedClockMs() - began) / 1000
  if (status !== 0) throw new Error(err)
  const { inputs } = JSON.parse(out.trim()) as LedgerSnapshot
  mustEqual(inputs[`read:${file}`]?.stored, messages, 'stored messages')
  mustEqual(await driver.ask({ act: 'rows' }), messages, 'rows')
  return took
}

/** Seconds. */
async function alone(driver: Driver, lanes: number): Promise<number> {
  const seconds = await driver.ask({ act: 'insert', lanes })
  mustEqual(await driver.ask({ act: 'rows' }), MESSAGES, 'rows')
  return seconds
}
