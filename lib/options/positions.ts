// Where the keys of a TOML text stand, for messages: smol-toml tells positions of syntax errors only.

const KEY = String.raw`(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')`
const PATH = String.raw`(${KEY}(?:\s*\.\s*${KEY})*)`
const ASSIGNMENT = new RegExp(String.raw`^(\s*)${PATH}\s*=`)
const HEADER = new RegExp(String.raw`^(\s*)\[\[?\s*${PATH}\s*\]`)

export interface Position {
  line: number
  column: number
}

/**
 * Of the first appearance of each key, by its path: `table_name`, `discard.methods`, and `relay[1].to` in the second
 * [[relay]]. The text is valid TOML.
 */
export function keyPositions(toml: string): Map<string, Position> {
  const positions = new Map<string, Position>()
  let table = ''
  for (const { line, text } of linesOutsideOfTexts(toml)) {
    const header = HEADER.exec(text)
    const found = header ?? ASSIGNMENT.exec(text)
    if (!found) continue
    const path = plainPath(found[2]!)
    const place = { line, column: found[1]!.length + 1 }
    if (header) table = text.trimStart().startsWith('[[') ? elementOf(positions, path, place) : path
    note(positions, header || table === '' ? path : `${table}.${path}`, place)
  }
  return positions
}

/** The next element of an array of tables, whose header stands here. */
function elementOf(positions: Map<string, Position>, path: string, place: Position): string {
  let index = 0
  while (positions.has(`${path}[${index}]`)) index++
  positions.set(`${path}[${index}]`, place)
  return `${path}[${index}]`
}

/** A path stands for its beginnings too: `discard.methods = []` is where `discard` is. */
function note(positions: Map<string, Position>, path: string, position: Position): void {
  const keys = path.split('.')
  for (let i = 1; i <= keys.length; i++) {
    const beginning = keys.slice(0, i).join('.')
    if (!positions.has(beginning)) positions.set(beginning, position)
  }
}

function plainPath(path: string): string {
  const keys = path.match(new RegExp(KEY, 'g')) ?? []
  return keys.map((key) => (/^["']/.test(key) ? key.slice(1, -1) : key)).join('.')
}

/** What looks like a key inside of a text of several lines is none. */
function* linesOutsideOfTexts(toml: string): Generator<{ line: number; text: string }> {
  let open: string | undefined
  for (const [index, text] of toml.split('\n').entries()) {
    if (!open) yield { line: index + 1, text }
    for (const [quotes] of text.matchAll(/"""|'''/g)) {
      if (!open) open = quotes
      else if (open === quotes) open = undefined
    }
  }
}
