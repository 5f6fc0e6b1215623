// Options of `hepcapd send`; given on the command line only.

import { destination } from './endpoints.js'
import type { OptionTable } from './option.js'
import { choice, integer, onOff, optional, text } from './types.js'

const group = 'Sending:'

export const sendOptions = {
  to: {
    group,
    type: destination,
    default: 'hep_udp:127.0.0.1:9060',
    help: 'the receiver; hep_udp or hep_tcp',
  },
  hep: { group, type: choice(['1', '2', '3']), default: '3', help: 'HEP version' },
  read: {
    group,
    type: optional(text('FILE')),
    short: 'r',
    default: '',
    defaultShown: 'SIP dialogs are made',
    help: 'replay this pcap or pcapng file, - is stdin',
  },
  count: {
    group,
    type: optional(integer({ min: 0, max: 1e12, why: 'years of traffic' })),
    default: '',
    defaultShown: 'the whole file, or one call',
    help: 'messages to send at most',
  },
  rate: {
    group,
    type: integer({ min: 0, max: 1e9, why: 'no link is faster' }),
    default: '0',
    help: 'messages a second, 0 is as fast as it goes',
  },
  agent_id: {
    group,
    type: integer({ min: 0, max: 2 ** 32 - 1, why: 'HEP has 32 bits for it' }),
    default: '1',
    help: 'agent id of the packets',
  },
  auth_key: {
    group,
    type: optional(text('KEY', 255)),
    default: '',
    secret: true,
    help: 'key of the packets',
  },
  compress: { group, type: onOff, default: '0', help: 'compress the payloads' },
} as const satisfies OptionTable
