// Options that rename a column of the SIP table: `callid_column` and its like.

import { laterName, type Option } from './option.js'
import { text, type ValueType } from './types.js'

const COLUMNS = (
  'id date micro_ts method reply_reason ruri ruri_user from_user from_tag to_user to_tag pid_user contact_user ' +
  'auth_user callid callid_aleg via_1 via_1_branch cseq reason content_type auth user_agent source_ip source_port ' +
  'destination_ip destination_port contact_ip contact_port originator_ip originator_port proto family rtp_stat ' +
  'type node correlation_id from_domain to_domain ruri_domain diversion msg custom_field1 custom_field2 ' +
  'custom_field3'
).split(' ')

function renaming(column: string): Option<string> {
  const name: ValueType<string> = text('NAME', 64)
  return {
    group: 'Columns:',
    type: { ...name, parse: (given) => name.parse(given) || column },
    default: column,
    hidden: true,
    pending: laterName,
    help: `name of the column ${column}`,
    // the manual's name of the parameter is longer than that of the column
    ...(column === 'auth' ? { otherName: 'authorization_column' } : {}),
  }
}

export const columnOptions: Readonly<Record<string, Option<string>>> = Object.fromEntries(
  COLUMNS.map((column) => [`${column}_column`, renaming(column)]),
)
