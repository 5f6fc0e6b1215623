// What tshark finds in a capture file: the judge of what we find.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { openSqlite } from '../../lib/sqlite.js'

const run = promisify(execFile)

/** `SOURCE:PORT > DESTINATION:PORT CALL-ID CSEQ WHAT`: WHAT is the method of a request, the status of a reply. */
export type Line = string

const FIELDS = [
  '_ws.col.Source', // of the innermost packet
  '_ws.col.Destination',
  'udp.srcport',
  'udp.dstport',
  'tcp.srcport',
  'tcp.dstport',
  'sip.Call-ID',
  'sip.CSeq',
  'sip.Request-Line',
  'sip.Status-Line',
  'sip', // `Session Initiation Protocol (INVITE)` or `(200)`, now and then just `sip`
] as const
const [BETWEEN_FIELDS, BETWEEN_VALUES] = ['\t', '\x01']

/**
 * The messages of a file, sorted; of tunnels the innermost addresses. `more` are further arguments of tshark, such as
 * `-d udp.port==5070,sip`.
 */
export async function tsharkLines(path: string, more: string[] = []): Promise<Line[]> {
  const args = [
    '-n',
    '-r',
    path,
    '-2',
    '-Y',
    'sip and not icmp and not icmpv6', // what an error quotes was sent before, and captured then
    '-T',
    'fields',
    ...FIELDS.flatMap((name) => ['-e', name]),
  ]
  args.push('-E', 'separator=/t', '-E', 'occurrence=a', '-E', `aggregator=${BETWEEN_VALUES}`)
  args.push(
    '-o',
    'ip.defragment:TRUE',
    '-o',
    'tcp.desegment_tcp_streams:TRUE',
    '-o',
    'tcp.reassemble_out_of_order:TRUE',
    '-o',
    'sip.tls.port:0',
    ...more,
  )
  const { stdout } = await run('tshark', args, { maxBuffer: 1 << 28 })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .flatMap(linesOfFrame)
    .sort()
}

/** A frame may hold several messages. */
function linesOfFrame(text: string): Line[] {
  const columns = text
    .split(BETWEEN_FIELDS)
    .map((column) => (column === '' ? [] : column.split(BETWEEN_VALUES)))
  const values = (name: (typeof FIELDS)[number]) => columns[FIELDS.indexOf(name)] ?? []
  const last = (...names: (typeof FIELDS)[number][]) => names.flatMap(values).at(-1) ?? ''
  const ends = `${last('_ws.col.Source')}:${last('udp.srcport', 'tcp.srcport')} > ${last('_ws.col.Destination')}:${last('udp.dstport', 'tcp.dstport')}`
  const kinds = kindsOf(values)
  const [callIds, cseqs] = [values('sip.Call-ID'), values('sip.CSeq')]
  if (callIds.length !== kinds.length || cseqs.length !== kinds.length) {
    throw new Error(`tshark does not say which Call-ID is whose: ${kinds} ${callIds} ${cseqs}`)
  }
  return kinds.map((kind, i) => `${ends} ${callIds[i]} ${cseqs[i]} ${kind}`)
}

/** Requests and replies are listed apart; only the labels have both in their order. */
function kindsOf(values: (name: (typeof FIELDS)[number]) => string[]): string[] {
  const requests = values('sip.Request-Line').map((line) => line.split(' ')[0] as string)
  const replies = values('sip.Status-Line').map((line) => line.split(' ')[1] as string)
  if (requests.length === 0 || replies.length === 0) return [...requests, ...replies]
  // What has no kind is the rest of a message whose start was not captured.
  return values('sip').flatMap((label) => /\((.*)\)$/.exec(label)?.[1] ?? [])
}

/** The rows of a database of ours in the same form. */
export function rowLines(path: string): Line[] {
  const db = openSqlite(path, { readonly: true })
  try {
    const rows = db
      .prepare(
        `SELECT source_ip || ':' || source_port || ' > ' || destination_ip || ':' || destination_port || ' ' ||
           callid || ' ' || cseq || ' ' || method FROM sip_capture`,
      )
      .pluck()
      .all() as string[]
    return rows.sort()
  } catch {
    return [] // no table: no message
  } finally {
    db.close()
  }
}
