// Which field of a report is which metric.

export interface JsonField {
  name: string
  path: readonly (string | number)[]
  /** What is more says that nobody knows. */
  most?: number
}

const ABSURD = 10_000_000

const block = (name: string, field: string): JsonField => {
  return { name: `heplify_rtcp_${name}`, path: ['report_blocks', 0, field], most: ABSURD }
}
const extended = (field: string): JsonField => {
  return { name: `heplify_rtcpxr_${field}`, path: ['report_blocks_xr', field] }
}
const agent = (name: string, field: string): JsonField => ({
  name: `heplify_rtpagent_${name}`,
  path: [field],
})

export const JSON_FIELDS = {
  rtcp: [
    block('fraction_lost', 'fraction_lost'),
    block('packets_lost', 'packets_lost'),
    block('jitter', 'ia_jitter'),
    block('dlsr', 'dlsr'),
    ...['fraction_lost', 'fraction_discard', 'burst_density', 'gap_density'].map(extended),
    ...['burst_duration', 'gap_duration', 'round_trip_delay', 'end_system_delay'].map(extended),
  ],
  rtpAgent: [
    agent('delta', 'DELTA'),
    agent('jitter', 'JITTER'),
    agent('mos', 'MOS'),
    agent('packets_lost', 'PACKET_LOSS'),
  ],
} as const

/** Words of RFC 6035 by metric. */
export const VOICE_QUALITY = new Map(
  ['NLR', 'JDR', 'IAJ', 'MOSLQ', 'MOSCQ'].map((word) => [`heplify_vqrtcpxr_${word.toLowerCase()}`, word]),
)

interface SbcField extends JsonField {
  direction: 'inc' | 'out'
  /** Of what is written. */
  share?: number
}

export const SBC_FIELDS: readonly SbcField[] = (['inc', 'out'] as const).flatMap((direction) => {
  const of = (name: string, field: string, share = 1): SbcField => {
    return { name: `horaclifix_${name}`, path: [`${direction.toUpperCase()}_${field}`], direction, share }
  }
  return [
    of('rtp_mos', 'MOS', 1 / 100),
    of('rtp_lost_packets', 'RTP_PK_LOSS'),
    of('rtp_avg_jitter', 'RTP_AVG_JITTER'),
    of('rtcp_avg_lat', 'RTCP_AVG_LAT'),
  ]
})

export const XRTP = {
  cs: 'call setup time in seconds',
  jir: 'jitter of what was received',
  jis: 'jitter of what was sent',
  plr: 'packets lost of those received',
  pls: 'packets lost of those sent',
  dle: 'mean round trip',
  mos: 'estimated opinion score',
} as const

/** By the name of the metric. */
export const HELP: ReadonlyMap<string, string> = new Map([
  ...Object.entries(XRTP).map(([name, what]) => [`heplify_xrtp_${name}`, `X-RTP-Stat: ${what}.`] as const),
  ...[...JSON_FIELDS.rtcp, ...JSON_FIELDS.rtpAgent, ...SBC_FIELDS].map(
    ({ name, path }) => [name, `Newest ${path.at(-1)} of a report.`] as const,
  ),
  ...Array.from(
    VOICE_QUALITY,
    ([name, word]) => [name, `Newest ${word} of a voice quality report.`] as const,
  ),
])
