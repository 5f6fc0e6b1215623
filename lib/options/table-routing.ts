// Options of routes, and of HEP that is sent on.

import { hepId } from './endpoints.js'
import type { OptionTable } from './option.js'
import { choice, duration, integer, isOff, offOr, onOff, text, type ValueType } from './types.js'

const route = { group: 'Routes:' } as const
const relay = { group: 'Relay:' } as const

const routeName = text('NAME', 64)
const hepRoute: ValueType<string> = {
  ...routeName,
  placeholder: 'none|sip|NAME',
  parse(name) {
    const known = ['none', 'sip'].find((one) => one === name.toLowerCase())
    return known ?? (isOff(name) ? 'none' : routeName.parse(name))
  },
}

const tries = integer({ min: 0, max: 65535, why: 'more is for ever' })

export const routingOptions = {
  script: { ...route, type: offOr('FILE'), short: 'f', default: 'off', help: 'an OpenSIPS script' },
  dialect: {
    ...route,
    type: choice(['auto', '2.3', '2.4', '3.x']),
    default: 'auto',
    help: 'the OpenSIPS that the script was written for',
  },
  routes: { ...route, type: offOr('FILE'), default: 'off', help: 'an ES module that exports routes' },
  hep_route: {
    ...route,
    type: hepRoute,
    default: 'none',
    defaultShown: 'none without script and routes, else sip',
    help: 'the path of HEP messages: stored at once, the routes of SIP, or a route of HEP packets',
  },
  homer5_on: { ...route, type: onOff, default: '1', help: 'Homer 5 layout of reports; 0 is that of Homer 6' },
  homer5_delim: {
    ...route,
    type: text('TEXT', 64),
    default: ':',
    help: 'between the parts of a payload in the Homer 5 layout',
  },
  hep_id: {
    ...relay,
    type: hepId,
    default: [],
    repeatable: true,
    help: 'a named destination of correlate(); repeatable',
  },
  hep_capture_id: {
    ...relay,
    type: integer({ min: 0, max: 2 ** 32 - 1, why: 'HEP has 32 bits for it' }),
    default: '1',
    help: 'agent id of packets that we make',
  },
  compressed_payload: { ...relay, type: onOff, default: '0', help: 'compress payloads that we send' },
  hep_send_timeout: {
    ...relay,
    type: duration({ unit: 'ms' }),
    default: '10s',
    help: 'a receiver that takes nothing for so long is cut off, over TCP and TLS',
  },
  hep_async: {
    ...relay,
    type: onOff,
    default: '1',
    help: 'never wait for a connection or a write',
    instead: 'nothing ever waits for a connection or a write',
  },
  hep_async_max_postponed_chunks: {
    ...relay,
    type: tries,
    default: '0',
    help: 'packets that wait for one destination; 0: as many as 32 MiB hold',
  },
  hep_async_local_write_timeout: {
    ...relay,
    type: duration({ unit: 'ms' }),
    default: '10ms',
    help: 'time of a direct write before it is queued',
    instead: 'every packet is queued, see --hep-send-timeout',
  },
  hep_async_local_connect_timeout: {
    ...relay,
    type: duration({ unit: 'ms' }),
    default: '100ms',
    help: 'time of a direct connect before it is queued',
    instead: 'packets wait in the queue until there is a connection',
  },
  hep_max_retries: {
    ...relay,
    type: tries,
    default: '5',
    help: 'failures in a row before a destination rests',
  },
  hep_retry_cooldown: {
    ...relay,
    type: duration({ unit: 's' }),
    default: '30s',
    help: 'its longest rest; the first one is shorter',
  },
} as const satisfies OptionTable
