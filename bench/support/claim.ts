// What a bench says: a claim, whether it holds, and the figures. Printed, and told to `npm run bench`.

export interface Claim {
  claim: string
  holds: boolean
  /** How it was measured, and which answers were checked first. */
  method: string
  /** Name and value. */
  figures: [string, string][]
}

/** Runs a bench as the program that it is; a claim that does not hold is its exit status. */
export async function present(measure: () => Promise<Claim[]>): Promise<void> {
  const claims = await measure()
  for (const claim of claims) console.log(claimText(claim))
  if (!claims.every(({ holds }) => holds)) process.exitCode = 1
  process.send?.(claims)
  if (process.connected) process.disconnect()
}

function claimText({ claim, holds, figures }: Claim): string {
  const width = Math.max(...figures.map(([name]) => name.length))
  const lines = figures.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return [`${holds ? 'holds' : 'DOES NOT HOLD'}: ${claim}`, ...lines, ''].join('\n')
}

/** Answers come before times: a wrong one ends the bench. */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  if (!Object.is(found, expected)) throw new Error(`${what}: ${found}, expected ${expected}`)
}
