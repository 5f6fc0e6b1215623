// The environment as a layer: HEPCAPD_TABLE_NAME is table_name.

import type { Fault } from '../errors.js'
import type { Layer } from './layer.js'
import { environmentOf, type OptionTable, parameterNames } from './option.js'
import { nearest } from './suggest.js'

const PREFIX = 'HEPCAPD_'

/** A variable that is empty is one that is not set. Unknown ones are warnings: orchestrators inject such. */
export function environmentLayer(table: OptionTable, env: NodeJS.ProcessEnv, faults: Fault[]): Layer {
  const names = new Map(
    Array.from(parameterNames(table), ([name, parameter]) => [environmentOf(name), parameter]),
  )
  const layer: Layer = new Map()
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined) continue
    const parameter = names.get(variable)
    if (parameter === undefined) faults.push(unknown(variable, names))
    else if (text !== '')
      layer.set(parameter, { texts: textsOf(text, table[parameter]?.repeatable), where: variable })
  }
  return layer
}

function textsOf(text: string, repeatable: true | undefined): string[] {
  return repeatable ? text.split(',').map((part) => part.trim()) : [text]
}

function unknown(variable: string, names: Map<string, string>): Fault {
  const suffixes = Array.from(names.keys(), (name) => name.slice(PREFIX.length))
  const meant = nearest(variable.slice(PREFIX.length), suffixes)
  return {
    where: variable,
    severity: 'warning',
    what: 'no option has this name, it is ignored',
    cure: meant ? `did you mean ${PREFIX}${meant}?` : 'see hepcapd --help',
  }
}
