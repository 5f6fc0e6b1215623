// A trace as lines for people. What a packet says never reaches the terminal as anything but text.

import { targetName } from '../relay/target.js'
import { printable } from '../show/text.js'
import type { DecodedChunk, DecodedHep, DecodedMessage, End } from './decoded.js'
import { decodedChunks, textOrHex } from './decoded.js'
import type { RecordedPacket, Step } from './recorder.js'
import type { Routed, TracedRow } from './trace.js'

export interface TraceReport {
  file: string
  /** Its number; null when the file is the packet. */
  frame: number | null
  message: DecodedMessage
  routed: Routed
  /** Where rows would go, as users name it. */
  stores: readonly string[]
}

export function jsonOf({ file, frame, message, routed, stores }: TraceReport) {
  const { rows, packets, steps, outcome, reason } = routed
  return {
    file,
    frame,
    message,
    steps,
    rows: rows.map(({ table, columns }) => ({ table, columns: jsonColumns(columns) })),
    stores,
    packets: packets.map(({ to, octets }) => ({
      to: targetName(to),
      octets: octets.length,
      hex: octets.toString('hex'),
      chunks: decodedChunks(octets),
    })),
    outcome,
    reason,
  }
}

/** Octets that are no text as `{ hex }`. */
function jsonColumns(values: Record<string, string | number | Buffer>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? { hex: value.toString('hex') } : value,
    ]),
  )
}

export function reportLines({ file, frame, message, routed, stores }: TraceReport): string[] {
  return [
    `packet: ${frame === null ? '' : `frame ${frame} of `}${printable(file)}`,
    ...inset(decodedLines(message)),
    'routes:',
    ...inset(routed.steps.length > 0 ? stepLines(routed) : ['none']),
    ...routed.rows.flatMap((row) => rowLines(row, stores)),
    ...(routed.rowsLeftOut > 0 ? [`rows that are not shown: ${routed.rowsLeftOut}`] : []),
    ...routed.packets.flatMap(packetLines),
    outcomeLine(routed),
  ]
}

export function outcomeLine({ outcome, reason }: Pick<Routed, 'outcome' | 'reason'>): string {
  return `outcome: ${outcome}${reason === '' ? '' : ` (${reason})`}`
}

function decodedLines(message: DecodedMessage): string[] {
  const { hep, sip, compression, payload_octets: octets } = message
  return [
    ...(hep ? hepLines(hep) : []),
    ...columns([
      ['time', `${message.time || message.micro_ts} (${message.micro_ts} us)`],
      ['source', endText(message.source)],
      ['destination', endText(message.destination)],
      ['protocol', numbered(message.protocol)],
      ['type', numbered(message.type)],
      ['correlation id', message.correlation_id],
      ['payload', `${octets} octets${compression === null ? '' : `, ${compression}`}`],
    ]),
    ...(sip ? [`SIP ${sip.kind}`, ...inset(columns(Object.entries(sip).slice(1)))] : ['not SIP']),
  ]
}

function hepLines({ version, octets, sender, agent_id: agent, chunks }: DecodedHep): string[] {
  const from = sender ? ` from ${endText(sender)}` : ''
  const by = agent === null ? '' : `, agent ${agent}`
  return [`HEP ${version}${from}${by}, ${octets} octets`, ...inset(chunkLines(chunks))]
}

/** A SIP message is shown where it is stored. */
function chunkLines(chunks: readonly DecodedChunk[]): string[] {
  return columns(
    chunks.map(({ vendor, vendor_name: vendorName, type, name, octets, value }) => [
      `0x${type.toString(16).padStart(4, '0')}`,
      name || '?',
      vendor === 0 ? '' : `vendor ${vendor}${vendorName ? ` (${vendorName})` : ''}`,
      octets > LONG_OCTETS ? `${octets} octets` : String(value),
    ]),
  )
}

const LONG_OCTETS = 100

function stepLines({ steps }: Routed): string[] {
  const shown = steps.map(stepCells)
  const width = Math.min(Math.max(...shown.map((cells) => (Array.isArray(cells) ? cells[0].length : 0))), 40)
  return shown.map((cells) =>
    (Array.isArray(cells) ? `  ${cells[0].padEnd(width)}  ${cells[1]}` : cells).trimEnd(),
  )
}

/** One cell is a heading. */
function stepCells(step: Step): [where: string, what: string] | string {
  switch (step.step) {
    case 'path':
      return printable(step.title)
    case 'discard':
      return `discarded by a setting: ${step.rule}`
    case 'statement':
      return [printable(step.where), printable(`${step.text}   ${step.values}`)]
    case 'log':
      return ['log', printable(`${step.level} ${step.text}${step.logged ? '' : '   (below log_level)'}`)]
    case 'fault':
      return ['fault', printable(`${step.what}: ${step.where}`)]
    case 'send':
      return ['send', step.to]
    case 'refused':
      return ['send', `${step.to} is refused: ${step.reason}`]
    case 'left_out':
      return 'further statements are not shown, and of the rest the last'
  }
}

function rowLines({ table, columns: values, payloadColumn }: TracedRow, stores: readonly string[]): string[] {
  const to = stores.length > 0 ? ` (${stores.join(', ')})` : ''
  const cells = Object.entries(values).map(
    ([name, value]) => [name, typeof value === 'object' ? textOrHex(value) : value] as const,
  )
  const plain = cells.filter(([name]) => name !== payloadColumn)
  const payload = cells.filter(([name]) => name === payloadColumn)
  const lines = payload.flatMap(([name, value]) => payloadLines(name, value))
  return [`row of ${table}${to}:`, ...inset([...columns(plain), ...lines])]
}

/** Its lines below its name, each of them made safe. */
function payloadLines(name: string, payload: string | number): string[] {
  const lines = String(payload)
    .replace(/(\r?\n)+$/, '')
    .split(/\r?\n/)
  return [name, ...inset(lines.map((line) => printable(line.replaceAll('\t', ' '))))]
}

function packetLines({ to, octets }: RecordedPacket): string[] {
  const chunks = decodedChunks(octets)
  const lines = chunks.length > 0 ? chunkLines(chunks) : hexLines(octets)
  return [`packet to ${targetName(to)}, ${octets.length} octets:`, ...inset(lines)]
}

const HEX_LINE = 32

function hexLines(octets: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; at < octets.length; at += HEX_LINE)
    lines.push(octets.subarray(at, at + HEX_LINE).toString('hex'))
  return lines
}

/** Cells below each other; lines whose last cell is empty are left out. */
function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const lines = rows
    .map((row) => row.map((cell) => printable(String(cell))))
    .filter((row) => row.at(-1) !== '')
  const last = (lines[0]?.length ?? 0) - 1
  const widths = Array.from({ length: last }, (_, at) => Math.max(...lines.map((row) => row[at]!.length)))
  return lines.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .filter((_, column) => widths[column] !== 0)
      .join('  ')
      .trimEnd(),
  )
}

function inset(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}

function endText({ ip, port }: End): string {
  return ip === '' ? 'unknown' : `${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}

function numbered({ number, name }: { number: number; name: string }): string {
  return name === '' || name === String(number) ? String(number) : `${name} (${number})`
}
