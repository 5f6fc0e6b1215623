// Options of the process: its configuration, its log, its end, and its doors.

import { usualControlPath } from '../control/path.js'
import { logLevels } from '../log.js'
import { httpPoint, namedHost } from './endpoints.js'
import type { OptionTable } from './option.js'
import { choice, duration, offOr, onOff } from './types.js'

const process_ = { group: 'Process:' } as const

export const processOptions = {
  config: {
    ...process_,
    type: offOr('FILE'),
    default: 'off',
    notInFile: true,
    help: 'read this TOML file; a key is a flag with _ for -',
  },
  log_level: { ...process_, type: choice(logLevels), default: 'info', help: 'the least that is logged' },
  log_format: {
    ...process_,
    type: choice(['text', 'json']),
    default: process.stderr.isTTY ? 'text' : 'json',
    defaultShown: 'text on a terminal, else json',
    help: 'how stderr is written',
  },
  stop_timeout: {
    ...process_,
    type: duration({ unit: 's', maxMs: 86_400_000, why: 'a day is long enough' }),
    default: '30s',
    help: 'time to store what is left after SIGTERM',
  },
  user: {
    ...process_,
    type: offOr('NAME'),
    default: 'off',
    help: 'become this user, a name or a number, once the sockets are open, and keep no privilege that is not needed',
  },
  group: {
    ...process_,
    type: offOr('NAME'),
    default: 'off',
    defaultShown: 'that of --user',
    help: 'become this group, a name or a number',
  },
  http: {
    group: 'Doors:',
    type: httpPoint,
    default: '127.0.0.1:9096',
    defaultShown: '127.0.0.1:9096; off with --read',
    help: 'metrics, health, management and the page',
  },
  http_token: {
    group: 'Doors:',
    type: offOr('TOKEN'),
    default: 'off',
    secret: true,
    help: 'what callers of --http must know: all of them off loopback, else those who want more than numbers',
  },
  http_calls: {
    group: 'Doors:',
    type: onOff,
    default: '0',
    help: 'show the last calls on the page of --http without the token too',
  },
  heplify_metrics: {
    group: 'Doors:',
    type: onOff,
    default: '0',
    help: 'count SIP traffic on /metrics under the names that dashboards for heplify-server ask for',
  },
  heplify_target: {
    group: 'Doors:',
    type: namedHost,
    default: [],
    repeatable: true,
    help: 'tell the traffic from and to this address apart, as target_name; repeatable',
  },
  mi_fifo: {
    group: 'Doors:',
    type: offOr('PATH'),
    default: 'off',
    help: 'a FIFO with the protocol of OpenSIPS; the reply FIFOs of callers lie beside it',
  },
  control: {
    group: 'Doors:',
    type: offOr('PATH'),
    default: usualControlPath(process.env, process.geteuid?.()),
    defaultShown: 'hepcapd.sock where such sockets are; off with --read',
    help: 'Unix socket with JSON-RPC, for hepcapd ctl',
  },
} as const satisfies OptionTable
