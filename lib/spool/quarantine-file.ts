// Rows that a database refused, a line of JSON each: `quarantine.jsonl`, and the one before, `quarantine.old.jsonl`.

import { appendFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { QuarantinedRow } from '../sink/quarantine.js'

/** Of one of the two files, as a part of the spool's bound. */
const SHARE = 1 / 64

export class QuarantineFile {
  readonly #path: string
  readonly #old: string
  readonly #maxBytes: number
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string, spoolBytes: number) {
    this.#path = join(folder, 'quarantine.jsonl')
    this.#old = join(folder, 'quarantine.old.jsonl')
    this.#maxBytes = spoolBytes * SHARE
  }

  /** `failed` hears of what the disk did not take. */
  add(rows: readonly QuarantinedRow[], failed: (error: Error) => void): void {
    const time = new Date().toISOString()
    const lines = rows.map(({ table, reason, message, row }) =>
      JSON.stringify({ time, table, reason, message, row: valuesOf(row) }),
    )
    this.#writing = this.#writing.then(() => this.#append(`${lines.join('\n')}\n`)).catch(failed)
  }

  /** Resolves when everything is written. */
  close(): Promise<void> {
    return this.#writing
  }

  async #append(lines: string): Promise<void> {
    const { size } = await stat(this.#path).catch(() => ({ size: 0 }))
    if (size > 0 && size + lines.length > this.#maxBytes) await rename(this.#path, this.#old)
    await appendFile(this.#path, lines, { mode: 0o600 })
  }
}

/** Octets that are no text as `{ base64 }`. */
function valuesOf(row: QuarantinedRow['row']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? { base64: value.toString('base64') } : value,
    ]),
  )
}
