// Options of `hepcapd ctl`.

import type { OptionTable } from './option.js'
import { daemonOptions } from './table.js'
import { onOff } from './types.js'

export const ctlOptions = {
  json: { group: 'Asking:', type: onOff, default: '0', help: 'print the answer as JSON' },
  control: { ...daemonOptions.control, help: 'the socket of the daemon' },
  config: daemonOptions.config,
} as const satisfies OptionTable

/** The commands of a daemon, for who completes them. */
export const CTL_WORDS = [
  'agents',
  'commands',
  'explain',
  'log_level',
  'ps',
  'reload',
  'sinks',
  'sip_capture',
  'spool',
  'stats',
]

export const CTL_NOTES =
  'hepcapd ctl commands prints the commands that the daemon has: sip_capture [on|off], stats, reload, log_level [LEVEL], ' +
  'ps, sinks, spool, agents, explain FILE [FRAME] (a packet as for hepcapd trace; - is standard input).'
