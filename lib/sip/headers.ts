// Headers of a SIP message that no column has: looked for when somebody asks, in the octets, line by line.

/** RFC 3261 section 20 and the registry of compact forms, by full name. */
const COMPACT = new Map([
  ['accept-contact', 'a'],
  ['allow-events', 'u'],
  ['call-id', 'i'],
  ['contact', 'm'],
  ['content-encoding', 'e'],
  ['content-length', 'l'],
  ['content-type', 'c'],
  ['event', 'o'],
  ['from', 'f'],
  ['identity', 'y'],
  ['refer-to', 'r'],
  ['referred-by', 'b'],
  ['reject-contact', 'j'],
  ['request-disposition', 'd'],
  ['session-expires', 'x'],
  ['subject', 's'],
  ['supported', 'k'],
  ['to', 't'],
  ['via', 'v'],
])
const FULL = new Map(Array.from(COMPACT, ([full, short]) => [short, full]))

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09

/** Whole runs, so that no place is looked at twice: some headers are 64 kB of spaces. */
const SPACES = /[ \t\r\n]{2,}|[\r\n]/g

/** RFC 3261 7.3.1: a fold reads as one space. */
export function unfolded(text: string): string {
  return text.replace(SPACES, (run) => (run.includes('\n') || run.includes('\r') ? ' ' : run))
}

/** The index-th value of this name (from the end when negative), unfolded; undefined when there is none. */
export function headerValue(message: Buffer, name: string, index = 0): string | undefined {
  if (index >= 0) {
    let at = index
    for (const value of values(message, name)) if (at-- === 0) return value
    return undefined
  }
  return [...values(message, name)].at(index)
}

/** All values of this name, in their order; a list with commas is one value. */
export function headerValues(message: Buffer, name: string): string[] {
  return [...values(message, name)]
}

/** Names that scripts look for are few; a message may make some more. */
const SPELLINGS_KEPT = 256
const kept = new Map<string, readonly Buffer[]>()

/** The full name and the compact one, in lower case. */
function spellings(name: string): readonly Buffer[] {
  let found = kept.get(name)
  if (!found) {
    const lower = name.toLowerCase()
    const full = FULL.get(lower) ?? lower
    const compact = COMPACT.get(full)
    found = (compact === undefined ? [full] : [full, compact]).map((one) => Buffer.from(one))
    if (kept.size >= SPELLINGS_KEPT) kept.clear()
    kept.set(name, found)
  }
  return found
}

function* values(message: Buffer, name: string): Generator<string> {
  const names = spellings(name)
  for (let at = nextLine(message, leadingLines(message)); at < message.length; ) {
    if (message[at] === CR || message[at] === LF) return // the empty line
    const end = endOfHeader(message, at)
    const colon = nameEnd(message, at, end, names)
    if (colon >= 0) yield unfolded(message.toString('utf8', colon + 1, end)).trim()
    at = end
  }
}

/** RFC 3261 7.5: empty lines before the start line are ignored. */
function leadingLines(message: Buffer): number {
  let at = 0
  while (message[at] === CR || message[at] === LF) at++
  return at
}

function nextLine(message: Buffer, from: number): number {
  const feed = message.indexOf(LF, from)
  return feed < 0 ? message.length : feed + 1
}

/** Behind the header with the lines that continue it. */
function endOfHeader(message: Buffer, from: number): number {
  let at = nextLine(message, from)
  while (message[at] === SPACE || message[at] === TAB) at = nextLine(message, at)
  return at
}

/** Where the colon stands if the line has one of these names, else -1. */
function nameEnd(message: Buffer, at: number, end: number, names: readonly Buffer[]): number {
  for (const name of names) {
    let colon = at + name.length
    if (colon >= end || !isSame(message, at, name)) continue
    while (message[colon] === SPACE || message[colon] === TAB) colon++
    if (message[colon] === COLON) return colon
  }
  return -1
}

/** `name` is in lower case. */
function isSame(message: Buffer, at: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) {
    const octet = message[at + i]!
    const lower = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet
    if (lower !== name[i]) return false
  }
  return true
}

export interface NameAddr {
  /** Without its quotes. */
  displayName: string
  uri: string
}

/** RFC 3261 section 20.10: the first value of From, To, Contact and their like. */
export function nameAddr(value: string): NameAddr {
  const [quoted] = /^\s*"(?:[^"\\]|\\.)*"?/.exec(value) ?? ['']
  const rest = value.slice(quoted.length)
  const open = rest.indexOf('<')
  if (open < 0) return { displayName: '', uri: rest.trim().split(/[;,\s]/, 1)[0]! }
  const close = rest.indexOf('>', open)
  const displayName = quoted === '' ? rest.slice(0, open).trim() : unquoted(quoted.trim())
  return { displayName, uri: rest.slice(open + 1, close < 0 ? undefined : close).trim() }
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, '')
}

/** A parameter of digest credentials; undefined when it is not there. */
export function digestParameter(credentials: string, name: string): string | undefined {
  const parameters = /(?:^\s*\w+\s+|,\s*)([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^\s,]*)/g
  for (const [, key, value] of credentials.matchAll(parameters)) {
    if (key!.toLowerCase() === name) return unquoted(value!)
  }
  return undefined
}
