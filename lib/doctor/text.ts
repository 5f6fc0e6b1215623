// The findings as people read them: by subject, aligned, and in colour on a terminal alone.

import { printable } from '../show/text.js'
import { counted, type Finding, LEVELS, type Level } from './finding.js'

const COLOURS: Record<Level, number> = { ok: 32, hint: 36, warning: 33, fault: 31 }
const LEVEL_WIDTH = Math.max(...LEVELS.map((level) => level.length))
const INDENT = ' '.repeat(2 + LEVEL_WIDTH + 2)

export function findingsText(findings: readonly Finding[], colours: boolean): string {
  const subjects = [...new Set(findings.map(({ subject }) => subject))]
  const parts = subjects.map((subject) => {
    const own = findings.filter((finding) => finding.subject === subject)
    return [bold(subject, colours), ...own.flatMap((finding) => lines(finding, colours))].join('\n')
  })
  return [...parts, summary(findings)].join('\n\n')
}

function lines({ level, what, cure, keep, why }: Finding, colours: boolean): string[] {
  const reason = why === undefined ? '' : `: ${why}`
  return [
    `  ${coloured(level, colours)}  ${printable(what)}${printable(reason)}`,
    ...(cure === undefined ? [] : [`${INDENT}cure: ${printable(cure)}`]),
    ...(keep === undefined ? [] : [`${INDENT}keep: ${printable(keep)}`]),
  ]
}

function coloured(level: Level, colours: boolean): string {
  const padded = level.padEnd(LEVEL_WIDTH)
  return colours ? `\x1b[${COLOURS[level]}m${padded}\x1b[0m` : padded
}

function bold(text: string, colours: boolean): string {
  return colours ? `\x1b[1m${text}\x1b[0m` : text
}

function summary(findings: readonly Finding[]): string {
  const counts = LEVELS.map((level) => ({
    level,
    count: findings.filter((one) => one.level === level).length,
  }))
  const worse = counts.filter(({ level, count }) => level !== 'ok' && count > 0).reverse()
  if (worse.length === 0) return 'All is well.'
  return `${worse.map(({ level, count }) => counted(count, level)).join(', ')}.`
}
