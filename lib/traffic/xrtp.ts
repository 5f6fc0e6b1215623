// X-RTP-Stat, as phones write it: CS=1000;PR=500;PS=498;PL=1,0;JI=3,2;DL=20,19,25 and the like.

import type { XRTP } from './report-fields.js'

type Name = keyof typeof XRTP

/** What is there of it, by the name of its metric. */
export function extractXrtp(text: string): Map<Name, number> {
  const found = new Map<Name, number>()
  const [setup] = numbersOf(text, 'CS')
  const [lostIn = 0, lostOut = 0] = put(found, text, 'PL', ['plr', 'pls'])
  const [jitter = 0] = put(found, text, 'JI', ['jir', 'jis'])
  const [roundTrip = 0] = put(found, text, 'DL', ['dle'])
  if (setup !== undefined) found.set('cs', setup / 1000)
  const packets = (numbersOf(text, 'PR')[0] ?? 0) + (numbersOf(text, 'PS')[0] ?? 0)
  if (packets > 0) found.set('mos', opinionScore({ share: (lostIn + lostOut) / packets, jitter, roundTrip }))
  return found
}

function put(found: Map<Name, number>, text: string, word: string, names: Name[]): number[] {
  const numbers = numbersOf(text, word)
  for (const [at, name] of names.entries()) if (numbers[at] !== undefined) found.set(name, numbers[at])
  return numbers
}

function numbersOf(text: string, word: string): number[] {
  const list = new RegExp(`(?:^|[;,\\s])${word}=(\\d{1,9}(?:,\\d{1,9}){0,4})(?![\\d,])`).exec(text)?.[1]
  return list === undefined ? [] : list.split(',').map(Number)
}

/** The simplified E-model (ITU-T G.107): from delay in milliseconds and the share of lost packets to 1 to 5. */
function opinionScore({
  share,
  jitter,
  roundTrip,
}: Record<'share' | 'jitter' | 'roundTrip', number>): number {
  const delay = jitter * 2 + roundTrip + 10
  const rating = 93.2 - (delay < 160 ? delay / 40 : (delay - 120) / 10) - share * 100 * 2.5
  const score = 1 + 0.035 * rating + 0.000007 * rating * (rating - 60) * (100 - rating)
  return score < 1 || score > 5 ? 1 : score
}
