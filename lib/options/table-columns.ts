// Options that rename a column of the tables: `callid_column` and its like.

import type { Option } from './option.js'
import { ValueFault, type ValueType } from './types.js'

const COLUMNS = (
  'id date micro_ts method reply_reason ruri ruri_user from_user from_tag to_user to_tag pid_user contact_user ' +
  'auth_user callid callid_aleg via_1 via_1_branch cseq reason content_type auth user_agent source_ip source_port ' +
  'destination_ip destination_port contact_ip contact_port originator_ip originator_port proto family rtp_stat ' +
  'type node correlation_id from_domain to_domain ruri_domain diversion msg custom_field1 custom_field2 ' +
  'custom_field3'
).split(' ')

const COLUMN_NAME = /^[A-Za-z0-9_]{1,64}$/

/** '' is the default name. */
function columnName(column: string): ValueType<string> {
  return {
    placeholder: 'NAME',
    limit: 'letters, digits and _; at most 64 characters: it goes into SQL',
    parse(text) {
      if (text === '') return column
      if (!COLUMN_NAME.test(text)) {
        throw new ValueFault(`"${text}" is no name of a column`, 'use 1 to 64 letters, digits and _')
      }
      return text
    },
    show: (name) => name,
  }
}

function renaming(column: string): Option<string> {
  return {
    group: 'Columns:',
    type: columnName(column),
    default: column,
    hidden: true,
    help: `name of the column ${column}`,
    // the manual's name of the parameter is longer than that of the column
    ...(column === 'auth' ? { otherName: 'authorization_column' } : {}),
  }
}

export const columnOptions: Readonly<Record<string, Option<string>>> = Object.fromEntries(
  COLUMNS.map((column) => [optionOf(column), renaming(column)]),
)

function optionOf(column: string): string {
  return `${column}_column`
}

/** Default name and name of the columns that have another one. */
export function renamedColumns(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = COLUMNS.map((column) => [column, values[optionOf(column)]] as [string, string])
  return Object.fromEntries(named.filter(([column, name]) => name !== undefined && name !== column))
}

/** Options by which a column gets a name that another one has; engines take `a` and `A` for the same. */
export function clashingColumns(
  renamed: Readonly<Record<string, string>>,
): { option: string; name: string; other: string }[] {
  const owners = new Map<string, string>()
  for (const column of COLUMNS) if (!renamed[column]) owners.set(column, column)
  return Object.entries(renamed).flatMap(([column, name]) => {
    const other = owners.get(name.toLowerCase())
    if (other === undefined) owners.set(name.toLowerCase(), column)
    return other === undefined ? [] : [{ option: optionOf(column), name, other }]
  })
}
