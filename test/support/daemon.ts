// A daemon inside of the test's process: its settings, its log, its files.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Daemon, type DaemonSettings } from '../../lib/daemon.js'
import { ANYBODY } from '../../lib/listen/senders.js'
import { Log } from '../../lib/log.js'
import { defaultLayout } from '../../lib/sink/schema.js'
import { openSqlite } from '../../lib/sqlite.js'
import { ROUTING } from './routing.js'

/** Everything that was logged, as lines `level message`. */
export class RecordingLog extends Log {
  readonly lines: string[]

  constructor() {
    const lines: string[] = []
    const write = (line: string) => {
      const { level, msg } = JSON.parse(line) as { level: string; msg: string }
      lines.push(`${level} ${msg}`)
    }
    super({ logLevel: 'trace', logFormat: 'json' }, { write })
    this.lines = lines
  }

  /** Lines that match. */
  said(what: RegExp): string[] {
    return this.lines.filter((line) => what.test(line))
  }
}

export const SETTINGS: DaemonSettings = {
  ...ROUTING,
  routeSources: { script: undefined, module: '', hepRoute: 'none', hepRouteOrigin: 'default' },
  listen: [{ proto: 'hep_udp', host: '127.0.0.1', port: 0 }],
  hepCaptureOn: true,
  tls: { cert: '', key: '', ca: '' },
  senders: ANYBODY,
  raw: undefined,
  read: [],
  readRange: { address: '' },
  tunnels: true,
  targets: [],
  tableLayout: defaultLayout,
  statementsInFlight: 5,
  spool: { folder: '', isNamed: false, always: false, maxBytes: 1 << 30, full: 'drop-newest' },
  relay: { agent: { captureId: 1, compressed: false }, limits: {} },
  traffic: undefined,
  udpWorkers: 1,
  rcvbufBytes: 4 << 20,
  queueBytes: 32 << 20,
  stopTimeoutMs: 30_000,
}

export interface Started {
  daemon: Daemon
  log: RecordingLog
  /** Bound port of the n-th listener. */
  port(index?: number): number
}

export async function startDaemon(settings: Partial<DaemonSettings>): Promise<Started> {
  const log = new RecordingLog()
  const daemon = new Daemon({ ...SETTINGS, ...settings }, log)
  await daemon.start()
  return { daemon, log, port: (index = 0) => Number(/\d+$/.exec(daemon.bound[index] ?? '')?.[0]) }
}

/** Datagrams after which others get a turn: a sent one is told before the event loop goes on. */
const RUN = 100

/** Sends datagrams one after the other, as fast as the kernel takes them. */
export async function sendUdp(port: number, packets: Buffer[], address = '127.0.0.1'): Promise<void> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.connect(port, address)
  await once(socket, 'connect')
  for (const [at, packet] of packets.entries()) {
    if (at % RUN === 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise<void>((resolve, reject) => {
      socket.send(packet, (error) => (error ? reject(error) : resolve()))
    })
  }
  socket.close()
}

export function query(path: string, sql: string): unknown[] {
  const db = openSqlite(path, { readonly: true, fileMustExist: true })
  try {
    const statement = db.prepare(sql)
    return statement.columns().length === 1 ? statement.pluck().all() : statement.all()
  } finally {
    db.close()
  }
}

/** Rows of a table; 0 where the table or its file does not exist. */
export function countRows(path: string, table = 'sip_capture'): number {
  try {
    return query(path, `SELECT count(*) FROM "${table}"`)[0] as number
  } catch {
    return 0
  }
}
