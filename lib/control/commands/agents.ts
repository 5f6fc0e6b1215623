// `agents`: who sends, as far as the inputs remember it.

import type { AgentCounts } from '../../binding.js'
import type { ControlCommand, Json } from '../command.js'

interface Told {
  agents: (AgentCounts & { input: string })[]
  others: number
}

interface ShownAgent {
  address: string
  agent_id: number | null
  input: string
  packets: number
  octets: number
  last_seen: string
  clock_skew_ms: number | null
  hep_versions: number[]
  errors: Record<string, number>
}

export function agents(told: () => Told): ControlCommand {
  return {
    name: 'agents',
    help: 'who sends: packets, last seen, clock skew, errors, by address and capture agent id',
    parameters: [{ name: 'address', help: 'of this address alone', isOptional: true }],
    run: ({ address }) => shownAgents(told(), Number.POSITIVE_INFINITY, address),
    lines: (answer) => linesOf(answer as unknown as { agents: ShownAgent[]; others: number }),
  }
}

/** Those with the most packets, that many at most; what the others sent is in one count. */
export function shownAgents(
  { agents: all, others }: Told,
  most: number,
  address?: string,
): { agents: Json[]; others: number } {
  const wanted = address === undefined ? all : all.filter((agent) => agent.address === address)
  const sorted = [...wanted].sort((one, other) => other.packets - one.packets)
  const left = sorted.slice(most).reduce((sum, { packets }) => sum + packets, 0)
  return { agents: sorted.slice(0, most).map(shown), others: others + left }
}

function shown({
  input,
  address,
  id,
  packets,
  octets,
  lastSeenMs,
  skewMs,
  versions,
  refused,
}: Told['agents'][0]) {
  return {
    address,
    agent_id: id,
    input,
    packets,
    octets,
    last_seen: new Date(lastSeenMs).toISOString(),
    clock_skew_ms: skewMs,
    hep_versions: versions,
    errors: refused,
  } satisfies ShownAgent
}

function linesOf({ agents: all, others }: { agents: ShownAgent[]; others: number }): string[] {
  const lines = all.map((one) => {
    const id = one.agent_id === null ? '' : ` agent ${one.agent_id}`
    const skew = one.clock_skew_ms === null ? '' : `, clock ${ahead(one.clock_skew_ms)}`
    const errors = Object.entries(one.errors).map(([name, times]) => `, ${times} ${name}`)
    return `${one.address}${id} to ${one.input}: ${one.packets} packets, last ${one.last_seen}${skew}${errors.join('')}`
  })
  return others > 0 ? [...lines, `others: ${others} packets`] : lines
}

function ahead(ms: number): string {
  const seconds = (Math.abs(ms) / 1000).toFixed(3)
  return `${seconds} s ${ms < 0 ? 'behind' : 'ahead'}`
}
