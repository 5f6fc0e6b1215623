// Interfaces that are captured: there, up, with a cable; and what their offloads do to frames before we see them.
//
// A packet socket is given frames after GRO. TCP segments that it merged have the length of the merged segment in
// their IP header, and are read as what they are. UDP datagrams that it merged (UDP GRO for forwarding, and lists) have
// one header for all of them: their messages cannot be told apart any more. A VLAN tag that the card took off is not
// restored, and no decoder needs it; one that it left is read.

import type { InterfaceState } from '../binding.js'
import { about, counted, type Finding } from './finding.js'

const say = about('interfaces')

const ETHERNET = 1
/** Octets before the IP header, with two VLAN tags. */
const LINK_OCTETS = 22
/** Of a merged segment. */
const LARGEST_FRAME = 65535
/** By the kernel's names: those that merge UDP datagrams. */
const UDP_MERGERS: Record<string, string> = {
  'rx-udp-gro-forwarding': 'rx-udp-gro-forwarding',
  'rx-gro-list': 'rx-gro-list',
}
/** Those that merge TCP segments, by the names that `ethtool -K` takes. */
const TCP_MERGERS: Record<string, string> = { 'rx-gro': 'gro', 'rx-lro': 'lro', 'rx-gro-hw': 'rx-gro-hw' }
const VLAN = 'rx-vlan-hw-parse'

export interface CaptureFacts {
  promiscuous: boolean
  snapLength: number
}

export function missingInterface(name: string, known: readonly string[]): Finding {
  return say.fault('interface', `there is no interface ${name}; there are ${known.join(', ')}`, {
    cure: 'name one of them with --raw-interface',
    why: 'the daemon cannot start',
  })
}

export function interfaceFindings(name: string, state: InterfaceState, facts: CaptureFacts): Finding[] {
  return [
    linkFinding(name, state),
    ...frameFindings(name, state, facts),
    ...offloads(name, state.features, facts.snapLength),
  ]
}

function linkFinding(name: string, { up, carrier, linkType, mtu }: InterfaceState): Finding {
  if (!up) {
    const cure = { cure: `ip link set ${name} up`, why: 'nothing comes in before it is up' }
    return say.fault('link', `${name} is down`, cure)
  }
  if (!carrier) {
    const cure = { cure: `ethtool ${name}`, why: 'nothing comes in without a cable or a peer' }
    return say.warning('link', `${name} is up and has no carrier`, cure)
  }
  const from = linkType === ETHERNET ? 'Ethernet frames' : 'packets from the IP header on'
  return say.ok('link', `${name} is up: ${from}, MTU ${mtu}`)
}

function frameFindings(
  name: string,
  { loopback, promiscuous, mtu }: InterfaceState,
  facts: CaptureFacts,
): Finding[] {
  const findings: Finding[] = []
  if (!loopback && !facts.promiscuous && !promiscuous) {
    findings.push(
      say.hint('promiscuous', `${name} sees frames of this host alone`, {
        cure: '--promiscuous-on 1',
        why: 'a mirror port carries those of others',
      }),
    )
  }
  if (facts.snapLength < Math.min(mtu + LINK_OCTETS, LARGEST_FRAME)) {
    findings.push(
      say.warning('snaplen', `--snaplen ${facts.snapLength} cuts frames of ${name}, whose MTU is ${mtu}`, {
        cure: '--snaplen 65535',
        why: 'a message that is cut has no end',
      }),
    )
  }
  return findings
}

function offloads(name: string, features: readonly string[], snapLength: number): Finding[] {
  const on = (table: Record<string, string>) =>
    features.flatMap((feature) => (Object.hasOwn(table, feature) ? [table[feature] as string] : []))
  const [udp, tcp] = [on(UDP_MERGERS), on(TCP_MERGERS)]
  const findings = udp.map((feature) =>
    say.warning('offload', `${name}: ${feature} merges datagrams of a flow into one frame`, {
      cure: `ethtool -K ${name} ${feature} off`,
      why: 'SIP datagrams that are merged are stored as one message',
    }),
  )
  if (tcp.length > 0 && snapLength < LARGEST_FRAME) {
    const what = `${name}: ${tcp.join(' and ')} makes frames of up to 64 KiB, --snaplen ${snapLength} cuts them`
    const cure = `--snaplen ${LARGEST_FRAME}, or: ethtool -K ${name} ${tcp.map((one) => `${one} off`).join(' ')}`
    findings.push(say.warning('offload', what, { cure, why: 'SIP over TCP loses what is cut' }))
  }
  if (findings.length === 0)
    findings.push(say.ok('offload', offloadsText(name, tcp, features.includes(VLAN))))
  return findings
}

function offloadsText(name: string, tcp: readonly string[], takesTags: boolean): string {
  const merged = tcp.length > 0 ? `${tcp.join(' and ')} merges TCP segments, which are read all the same` : ''
  const tags = takesTags ? 'VLAN tags are taken off by the card, which costs nothing' : ''
  return `${name}: ${[merged, tags].filter((text) => text !== '').join('; ') || 'nothing merges or changes frames'}`
}

/** Of a mirror port on every interface. */
export function everyInterface(up: readonly string[]): Finding {
  return say.hint('interface', `every interface is captured: ${up.join(', ')}`, {
    cure: '--raw-interface NAME',
    why: 'a packet that passes a bridge and its port is seen twice',
  })
}

export function threads(children: number, cores: number): Finding[] {
  if (children <= cores) return []
  const cure = { cure: `--raw-sock-children ${cores}`, why: 'more threads than cores help nobody' }
  return [say.hint('threads', `${counted(children, 'capture thread')} on ${counted(cores, 'core')}`, cure)]
}
