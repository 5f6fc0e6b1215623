// Options of `hepcapd show`: a few of its own, and those of the daemon that say where messages are.

import type { OptionTable } from './option.js'
import { daemonOptions } from './table.js'
import { columnOptions } from './table-columns.js'
import { integer, onOff, optional, text } from './types.js'

const group = 'Showing:'

const named = {
  last: {
    group,
    type: integer({ min: 1, max: 1e9, why: 'no terminal is longer' }),
    default: '20',
    help: 'the newest messages, so many of them',
  },
  call_id: { group, type: optional(text('ID')), default: '', help: 'only this call, whole' },
  json: { group, type: onOff, default: '0', help: 'one object a line, with every column' },
  db_url: daemonOptions.db_url,
  table_name: daemonOptions.table_name,
  rtcp_table_name: daemonOptions.rtcp_table_name,
  config: daemonOptions.config,
} as const satisfies OptionTable

export const showOptions: typeof named & OptionTable = { ...named, ...columnOptions }
