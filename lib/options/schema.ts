// Options of `hepcapd schema` beside those of the daemon.

import type { OptionTable } from './option.js'
import { optional, text } from './types.js'

export const schemaOptions = {
  cluster: {
    group: 'Schema:',
    type: optional(text('NAME', 256)),
    default: '',
    help: 'ClickHouse: tables spread over the servers of this cluster; run the statements on each of them',
  },
} as const satisfies OptionTable

/** The end of the help. */
export const SCHEMA_NOTES =
  'The daemon makes tables that are not there by itself: this is for databases where it may not, and to see what it ' +
  'makes. Names with strftime letters are those of this moment. No database is asked.'
