// Options of `hepcapd trace` beside those of the daemon: which packet, and how it is printed.

import type { OptionTable } from './option.js'
import { integer, onOff } from './types.js'

const group = 'Tracing:'

export const traceOptions = {
  frame: {
    group,
    type: integer({ min: 0, max: 2 ** 53 - 1, why: 'no file has more' }),
    default: '0',
    defaultShown: 'the first that carries a message',
    help: 'of a capture, the frame with this number; tcpdump and tshark count so too',
  },
  json: { group, type: onOff, default: '0', help: 'print it as one JSON object' },
} as const satisfies OptionTable

/** The end of the help. */
export const TRACE_NOTES =
  'FILE has the octets of one HEP packet, as they came in a datagram, or one SIP message, or it is a pcap or pcapng ' +
  'file; - is standard input. A frame with HEP in it is a packet of a HEP listener, every other one is taken as from ' +
  'a mirror port. Routes run, startup routes before; rows and packets are printed, and neither stored nor sent.'
