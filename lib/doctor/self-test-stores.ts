// Counts the messages of a self-test in the databases, by their Call-IDs, and removes them where that is safe.

import { existsSync } from 'node:fs'
import type { Settings } from '../options/settings.js'
import { databaseName } from '../sink/database-target.js'
import { inspectorOf } from '../sink/engines.js'
import type { MarkedRows } from '../sink/inspector.js'
import { type TableShapes, tableShapes } from '../sink/schema.js'
import { removeIfEmpty } from '../sink/sqlite-inspector.js'
import { type StoreTarget, storesOf, tablesOf } from './databases.js'

export interface CountedStore {
  /** As the ledger names it. */
  name: string
  found: number
  removed: boolean
  /** Why it could not be asked. */
  failure?: string
}

export class TestedStores {
  readonly #settings: Settings
  readonly #shapes: TableShapes
  /** SQLite files that were there before. */
  readonly #before: Set<string>
  readonly #removesFiles: boolean

  /** Before anything is stored. A file that is made meanwhile is removed when nobody else can have made it. */
  constructor(settings: Settings, removesFiles: boolean) {
    this.#settings = settings
    this.#removesFiles = removesFiles
    this.#shapes = tableShapes(settings.tableLayout)
    const paths = storesOf(settings.targets).flatMap(({ target }) =>
      target.kind === 'sqlite' ? target.path : [],
    )
    this.#before = new Set(paths.filter((path) => existsSync(path)))
  }

  /** In every database of the settings. */
  async count(callIds: readonly string[], removes: boolean): Promise<CountedStore[]> {
    const counts: CountedStore[] = []
    for (const target of this.#settings.targets) {
      if (target.kind === 'sqlite' || target.kind === 'database')
        counts.push(await this.#countIn(target, callIds, removes))
    }
    return counts
  }

  /** Of several hosts those that have some. */
  async #countIn(target: StoreTarget, callIds: readonly string[], removes: boolean): Promise<CountedStore> {
    const name = target.kind === 'sqlite' ? `sqlite:${target.path}` : databaseName(target.at)
    const total: CountedStore = { name, found: 0, removed: removes }
    for (const { target: one } of storesOf([target])) {
      try {
        await this.#add(total, one, callIds, removes)
      } catch (error) {
        total.failure = (error as Error).message
      }
    }
    return total
  }

  async #add(
    total: CountedStore,
    target: StoreTarget,
    callIds: readonly string[],
    removes: boolean,
  ): Promise<void> {
    if (target.kind === 'sqlite' && !existsSync(target.path)) return
    const inspector = await inspectorOf(target, this.#shapes)
    try {
      for (const rows of this.#rows(callIds)) {
        const found = await inspector.count(rows).catch(noSuchTable)
        total.found += found
        if (removes && found > 0 && !(await removed(inspector.remove(rows)))) total.removed = false
      }
    } finally {
      await inspector.close()
    }
    const isNew = target.kind === 'sqlite' && !this.#before.has(target.path)
    if (removes && isNew && this.#removesFiles) removeIfEmpty(target.path)
  }

  #rows(callIds: readonly string[]): MarkedRows[] {
    const column = this.#shapes.sip.find(({ from }) => from.name === 'callid')!.name
    const tables = tablesOf(this.#settings).filter(({ kind }) => kind === 'sip')
    return tables.map(({ table }) => ({ table, column, callIds }))
  }
}

/** A table is made when it is first needed. */
function noSuchTable(error: unknown): number {
  const { code = '' } = error as { code?: string }
  if (/^(MARIADB_1146|POSTGRES_42P01|CLICKHOUSE_60)$/.test(code)) return 0
  throw error
}

/** Who may only insert cannot remove. */
async function removed(work: Promise<boolean>): Promise<boolean> {
  return work.catch(() => false)
}
