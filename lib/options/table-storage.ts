// Options of what is stored, where and how.

import { dbUrl, tableWindow } from './endpoints.js'
import type { OptionTable } from './option.js'
import { choice, integer, offOr, onOff, size, tableName, text } from './types.js'

const group = 'Storage:'

export const storageOptions = {
  db_url: {
    group,
    type: dbUrl,
    default: ['sqlite:hepcapd.db'],
    repeatable: true,
    help: 'store here; repeatable. sqlite:FILE (strftime allowed), hep_udp:, hep_tcp: or hep_tls:HOST[:PORT] to send on, or none:',
  },
  table_name: {
    group,
    type: tableName,
    default: 'sip_capture',
    help: 'table of SIP messages; strftime in UTC, by the time of each packet',
  },
  rtcp_table_name: {
    group,
    type: tableName,
    default: 'rtcp_capture',
    help: 'table of all that is not SIP',
  },
  capture_on: { group, type: onOff, default: '1', help: 'store; 0 discards every message' },
  capture_node: {
    group,
    type: text('NAME', 117, 'the node column has 128, `:agent id` included'),
    default: 'homer01',
    help: 'node column, followed by `:agent id` when the packet has one',
  },
  table_window: {
    group,
    type: tableWindow,
    default: '2d,1h',
    help: 'packets dated further back or ahead go to the table of their arrival; off: no bound',
  },
  queue_max: {
    group,
    type: size({ min: 1, max: 2 ** 36, why: 'it is reserved at once' }),
    default: '256MiB',
    help: 'messages that wait for the databases; 2MiB a receive thread at least. Beyond it they are dropped, counted',
  },
  max_async_queries: {
    group,
    type: integer({ min: 1, max: 1000, why: 'each may hold a connection' }),
    default: '5',
    help: 'insert statements in flight at once; SQLite has one at a time',
  },
  spool: {
    group,
    type: offOr('DIR'),
    default: 'hepcapd-spool',
    help: 'keep rows here that the database cannot take yet; off: they wait in memory. With --read only where it is named',
  },
  spool_max: {
    group,
    type: size({ min: 1 << 20, max: 2 ** 50, why: 'disks are not larger' }),
    default: '4GiB',
    help: 'size of the spool of each database',
  },
  spool_full: {
    group,
    type: choice(['drop-newest', 'drop-oldest']),
    default: 'drop-newest',
    help: 'what a full spool loses, counted',
  },
  spool_always: {
    group,
    type: onOff,
    default: '0',
    help: 'write every row to the spool first, so that a crash loses the last 200 ms at most',
  },
} as const satisfies OptionTable
