// The pages of the documentation, taken apart: blocks, and what the comment in front of one says about it.
//
//   <!-- not run: REASON -->      nobody can run this here
//   <!-- beside: hepcapd ... -->  this daemon runs while the commands do
//   <!-- file: NAME -->           the block is this file, and lies where the commands of the page run

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../packaging/run.js'

export interface Block {
  /** PAGE:LINE */
  readonly where: string
  readonly language: string
  readonly text: string
  readonly notRun?: string
  readonly beside?: string
  readonly file?: string
}

export const README = 'README.md'
/** Those about inputs, which start many daemons. */
export const INPUT_PAGES: readonly string[] = ['first-capture', 'hep-agents', 'mirror-port'].map((name) =>
  join('docs', `${name}.md`),
)

/** README.md and those of docs/, by their paths from the project's folder. */
export const PAGES: readonly string[] = [
  README,
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
]

export function pageText(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

const FENCE = /^```([\w-]*)\s*$/
const MARK = /^<!-- (not run|beside|file): (.+) -->$/

export function blocksOf(page: string): Block[] {
  const lines = pageText(page).split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const language = FENCE.exec(lines[at] as string)?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${page}:${at + 1}: this block has no end`)
    const text = lines.slice(at + 1, end).join('\n')
    blocks.push({ where: `${page}:${at + 1}`, language, text: `${text}\n`, ...marksAbove(lines, at) })
    at = end
  }
  return blocks
}

/** Those that are to be run, in their order. */
export function commandsOf(page: string): Block[] {
  return blocksOf(page).filter(({ language, notRun }) => language === 'sh' && notRun === undefined)
}

/** Marks stand right above the block, a line each. */
function marksAbove(lines: readonly string[], fence: number): Pick<Block, 'notRun' | 'beside' | 'file'> {
  const marks: { notRun?: string; beside?: string; file?: string } = {}
  for (let at = fence - 1; at >= 0; at--) {
    const [, kind, text] = MARK.exec(lines[at] as string) ?? []
    if (kind === undefined || text === undefined) break
    marks[kind === 'not run' ? 'notRun' : (kind as 'beside' | 'file')] = text
  }
  return marks
}
