// `hepcapd check`: prints the effective configuration as a TOML file, each value with where it came from. It opens
// no socket and no database.

import type { Effective, EffectiveValue } from '../options/settings.js'
import { daemonOptions } from '../options/table.js'
import { type Output, processOutput } from './output.js'

/** Resolves to the exit status. Faults were thrown before there was an effective configuration. */
export async function check(
  { values }: Pick<Effective, 'values'>,
  json: boolean,
  output: Output = processOutput(),
): Promise<number> {
  output.out(json ? JSON.stringify(Object.fromEntries(values), null, 2) : tomlText(values))
  return 0
}

function tomlText(values: Map<string, EffectiveValue>): string {
  const lines = Array.from(values, ([name, { value, origin }]) => ({ name, value: tomlValue(value), origin }))
  const nameWidth = Math.max(...lines.map(({ name }) => name.length))
  const valueWidth = Math.min(Math.max(...lines.map(({ value }) => value.length)), 48)
  const width = { name: nameWidth, value: valueWidth }
  return lines
    .map(({ name, value, origin }) => {
      const line = `${name.padEnd(width.name)} = ${value.padEnd(width.value)}  # ${origin}`
      return daemonOptions[name]?.notInFile ? `# ${line}` : line
    })
    .join('\n')
}

/** JSON's texts are TOML's too, but for DEL, which no value has. */
function tomlValue(value: EffectiveValue['value']): string {
  return Array.isArray(value) ? `[${value.map(tomlValue).join(', ')}]` : JSON.stringify(value)
}
