// Stored rows as lines for people. What a message says never reaches the terminal as anything but text.

/** A row of the SIP table; columns that the table does not have are absent. */
export type StoredRow = Record<string, string | number | Buffer | null>

const COLUMNS = ['TIME (UTC)', 'SOURCE', '', 'DESTINATION', 'MESSAGE', 'CSEQ', 'FROM -> TO', 'CALL-ID']
const MESSAGE = 4
/** Longer cells are cut, except for the last one. */
const CELL_WIDTH = 46

/** C0, DEL, C1, and the characters that turn the writing direction around. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu
const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text that a terminal shows and does not obey. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (c) => NAMED[c] ?? `\\u{${(c.codePointAt(0) as number).toString(16)}}`)
}

/** One line a row, under a line of headings. */
export function tableLines(rows: StoredRow[], colours: boolean): string[] {
  const lines = [COLUMNS, ...rows.map(cells)]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)))
  return lines.map((line, row) =>
    line
      .map((cell, column) => {
        const padded = column === line.length - 1 ? cell : cell.padEnd(widths[column] as number)
        return colours && column === MESSAGE && row > 0
          ? coloured(padded, rows[row - 1] as StoredRow)
          : padded
      })
      .join('  ')
      .trimEnd(),
  )
}

/** The message itself, each of its lines made safe and set in. */
export function messageLines(row: StoredRow): string[] {
  return textOf(row.msg)
    .replace(/(\r?\n)+$/, '')
    .split(/\r?\n/)
    .map((line) => `    ${printable(line.replaceAll('\t', ' '))}`.trimEnd())
}

export function textOf(value: StoredRow[string] | undefined): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value ?? '')
}

function cells(row: StoredRow): string[] {
  const cell = (name: string) => cut(printable(textOf(row[name])))
  return [
    time(row),
    endpoint(cell('source_ip'), cell('source_port')),
    '->',
    endpoint(cell('destination_ip'), cell('destination_port')),
    cut(`${cell('method')} ${cell('reply_reason')}`.trim()),
    cell('cseq'),
    cut(`${cell('from_user')} -> ${cell('to_user')}`),
    printable(textOf(row.callid)),
  ]
}

function time(row: StoredRow): string {
  const microTs = Number(row.micro_ts ?? 0)
  const at = new Date(microTs / 1000)
  if (microTs <= 0 || Number.isNaN(at.getTime())) return printable(textOf(row.date))
  return at.toISOString().replace('T', ' ').replace('Z', '')
}

function endpoint(address: string, port: string): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

function cut(text: string): string {
  return text.length > CELL_WIDTH ? `${text.slice(0, CELL_WIDTH - 1)}\u2026` : text
}

/** Requests, good replies, and failures. */
function coloured(text: string, row: StoredRow): string {
  const status = Number.parseInt(textOf(row.method), 10)
  const colour = Number.isNaN(status) ? 36 : status < 300 ? 32 : status < 400 ? 33 : 31
  return `\x1b[${colour}m${text}\x1b[0m`
}
