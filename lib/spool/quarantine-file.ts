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
  #size = 0
  #oldSize = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string, spoolBytes: number) {
    this.#path = join(folder, 'quarantine.jsonl')
    this.#old = join(folder, 'quarantine.old.jsonl')
    this.#maxBytes = spoolBytes * SHARE
  }

  /** What earlier processes left. */
  async open(): Promise<void> {
    this.#size = await sizeOf(this.#path)
    this.#oldSize = await sizeOf(this.#old)
  }

  /** Octets of both files. */
  get bytes(): number {
    return this.#size + this.#oldSize
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
    const octets = Buffer.byteLength(lines)
    if (this.#size > 0 && this.#size + octets > this.#maxBytes) {
      await rename(this.#path, this.#old)
      this.#oldSize = this.#size
      this.#size = 0
    }
    await appendFile(this.#path, lines, { mode: 0o600 })
    this.#size += octets
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => ({ size: 0 }))).size
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
