// Messages that no phone should send and many do: what counts as SIP, for tshark and for us.

import { join } from 'node:path'
import t from 'tap'
import { hepcapd } from '../support/cli.js'
import * as f from '../support/frames.js'
import { rowLines, tsharkLines } from '../support/judge.js'
import { missing } from '../support/tools.js'

t.setTimeout(120_000)

const ENDS = { source: '10.0.0.1', sourcePort: 5060, destination: '10.0.0.2', destinationPort: 5070 }
const ELSEWHERE = { ...ENDS, sourcePort: 7777, destinationPort: 8888 }
const udp = (payload: string, ends = ENDS) => f.ipv4(ends, f.UDP, f.udp(ends, Buffer.from(payload)))
const sip = (first: string, id: string) => `${first}\r\nCall-ID: ${id}\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n`
const INVITE = 'INVITE sip:a@b SIP/2.0'
const row = (id: string, what: string, { sourcePort, destinationPort } = ENDS) =>
  `10.0.0.1:${sourcePort} > 10.0.0.2:${destinationPort} ${id} 1 INVITE ${what}`

/** A datagram that says to be so long. */
function lying(id: string, length: (truth: number) => number): Buffer {
  const datagram = f.udp(ENDS, Buffer.from(sip(INVITE, id)))
  datagram.writeUInt16BE(length(datagram.length), 4)
  return f.ipv4(ENDS, f.UDP, datagram)
}

const quoted = Buffer.concat([Buffer.from('0303000000000000', 'hex'), udp(sip(INVITE, 'quoted by ICMP'))])

/** By what is odd: the packet, and the row that both find. */
const both: Record<string, [Buffer, string?]> = {
  'a method that nobody knows': [udp(sip('FOO sip:a@b SIP/2.0', '1')), row('1', 'FOO')],
  'the same on a port that nobody knows': [
    udp(sip('FOO sip:a@b SIP/2.0', '2'), ELSEWHERE),
    row('2', 'FOO', ELSEWHERE),
  ],
  'a method in small letters': [udp(sip('invite sip:a@b SIP/2.0', '3')), row('3', 'invite')],
  'a reply on a port that nobody knows': [
    udp(sip('SIP/2.0 200 OK', '4'), ELSEWHERE),
    row('4', '200', ELSEWHERE),
  ],
  'two in a datagram are one': [udp(sip(INVITE, '5') + sip('SIP/2.0 200 OK', '6')), row('5', 'INVITE')],
  'names in their short form': [udp(`${INVITE}\r\ni: 7\r\nCSeq: 1 INVITE\r\n\r\n`), row('7', 'INVITE')],
  'lines without carriage return': [udp(`${INVITE}\nCall-ID: 8\nCSeq: 1 INVITE\n\n`), row('8', 'INVITE')],
  'cut within a header': [udp(`${INVITE}\r\nCall-ID: 9\r\nCSeq: 1 INVITE`), row('9', 'INVITE')],
  'a UDP length before the end': [lying('10', (truth) => truth - 2), row('10', 'INVITE')],
  'a UDP length of nothing': [lying('11', () => 0)],
  'a blank before it': [udp(` ${sip(INVITE, '12')}`)],
  'zeros before it': [udp(`\0\0\0\0${sip(INVITE, '13')}`)],
  'a request without version': [udp(sip('INVITE sip:a@b', '14'))],
  'a request of HTTP': [udp(sip('GET / HTTP/1.1', '15'))],
  'a status of four digits': [udp(sip('SIP/2.0 2000 OK', '16'))],
  'a keep-alive': [udp('\r\n\r\n')],
  'what ICMP quotes': [f.ipv4(ENDS, 1, quoted)],
}

/** RFC 3261 sections 7.2 and 7.5, RFC 4475: to be read, whoever wrote it. */
const oursAlone: Record<string, [Buffer, string]> = {
  'line ends before it': [udp(`\r\n\r\n${sip(INVITE, '20')}`), row('20', 'INVITE')],
  'a status without a reason': [udp(sip('SIP/2.0 200', '21')), row('21', '200')],
  'a version in small letters': [udp(sip('sip/2.0 200 OK', '22')), row('22', '200')],
  'a version to come': [udp(sip('SIP/7.0 200 OK', '23')), row('23', '200')],
}

t.test('odd messages', async (t) => {
  const folder = t.testdir()
  const [file, database] = [join(folder, 'odd.pcap'), join(folder, 'odd.db')]
  const all = [...Object.values(both), ...Object.values(oursAlone)]
  f.writePcap(
    file,
    all.map(([packet]) => f.ethernet(packet)),
  )
  const { status, err } = await hepcapd(['--read', file, '--db-url', `sqlite:${database}`])
  t.equal(status, 0, err)
  const rows = (of: Record<string, [Buffer, string?]>) => Object.values(of).flatMap(([, line]) => line ?? [])
  t.same(rowLines(database), [...rows(both), ...rows(oursAlone)].sort())
  if (!missing('tshark')) t.same(await tsharkLines(file), rows(both).sort(), 'what tshark finds')
})
