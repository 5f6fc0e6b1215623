// Flags of `hepcapd doctor`, beside those of the daemon.

import type { OptionTable } from './option.js'
import { onOff } from './types.js'

const group = 'Examining:'

export const doctorOptions = {
  json: { group, type: onOff, default: '0', help: 'print it as JSON' },
  no_self_test: {
    group,
    type: onOff,
    default: '0',
    help: 'only look: neither open inputs nor store anything',
  },
} as const satisfies OptionTable

export const DOCTOR_NOTES =
  'It looks at this host for a daemon with these options and changes nothing of it. The self-test then starts that ' +
  'daemon, or asks the one that runs, sends its own messages (OPTIONS, From user hepcapd-doctor) through every input ' +
  'into the databases, counts them there and removes them where it can. Exit status: 0, or 1 when there is a fault.'
