// The judge itself: what it reads out of tshark's answer, for frames whose messages are known.

import { join } from 'node:path'
import t from 'tap'
import * as f from '../support/frames.js'
import { tsharkLines } from '../support/judge.js'
import { missing } from '../support/tools.js'

t.setTimeout(120_000)

const ENDS = { source: '10.0.0.1', sourcePort: 5060, destination: '10.0.0.2', destinationPort: 5070 }
const OUTER = { source: '10.0.0.8', destination: '10.0.0.9' }
const BETWEEN = '10.0.0.1:5060 > 10.0.0.2:5070'

const message = (first: string, callId: string, cseq: string) =>
  Buffer.from(`${first}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq}\r\nContent-Length: 0\r\n\r\n`)
const INVITE = message('INVITE sip:b@x SIP/2.0', 'one,two', '1 INVITE')
const REPLY = message('SIP/2.0 200 OK (it, too)', 'three', '2 BYE')
const LINES = [`${BETWEEN} one,two 1 INVITE INVITE`, `${BETWEEN} three 2 BYE 200`]

t.test('the judge', { skip: missing('tshark') }, async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'made.pcap')
  const judged = (...packets: Buffer[]) => {
    f.writePcap(
      file,
      packets.map((packet) => f.ethernet(packet)),
    )
    return tsharkLines(file, ['-d', 'tcp.port==5060,sip'])
  }
  const udp = (payload: Buffer) => f.ipv4(ENDS, f.UDP, f.udp(ENDS, payload))
  const tcp = (at: number, payload: Buffer) => f.ipv4(ENDS, f.TCP, f.tcp(ENDS, at, payload))

  t.same(await judged(udp(INVITE), udp(REPLY)), LINES)
  t.same(await judged(udp(INVITE), udp(INVITE)), [LINES[0], LINES[0]], 'as often as it was sent')
  t.same(await judged(f.ipv4(OUTER, 4, udp(REPLY))), [LINES[1]], 'the innermost addresses')
  const vxlan = { sourcePort: 1, destinationPort: 4789 }
  const tunnelled = f.udp(vxlan, f.tunnel.vxlan(f.ethernet(tcp(1, INVITE))))
  t.same(await judged(f.ipv4(OUTER, f.UDP, tunnelled)), [LINES[0]], 'and the innermost ports')
  const both = Buffer.concat([INVITE, REPLY, INVITE])
  t.same(await judged(tcp(1, both)), [LINES[0], LINES[0], LINES[1]], 'requests and replies in one frame')
  const [first, rest] = [both.subarray(0, INVITE.length + 9), both.subarray(INVITE.length + 9)]
  t.same(
    await judged(tcp(1, first), tcp(1 + first.length, rest)),
    [LINES[0], LINES[0], LINES[1]],
    'cut inside of a reply',
  )
  t.same(await judged(f.ipv4(ENDS, f.UDP, f.udp(ENDS, Buffer.from('not SIP')))), [])
})
