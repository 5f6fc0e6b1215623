// Flags of `hepcapd doctor`, beside those of the daemon.

import type { OptionTable } from './option.js'
import { onOff } from './types.js'

const group = 'Examining:'

export const doctorOptions = {
  json: { group, type: onOff, default: '0', help: 'print it as JSON' },
} as const satisfies OptionTable

/** The end of the help. */
export const DOCTOR_NOTES =
  'It looks at this host for a daemon with these options, and changes nothing. Exit status: 0, or 1 when there is a fault.'
