// What a bench says: a claim, whether it holds, and the figures. Printed, and told to `npm run bench`.

export interface Claim {
  claim: string
  holds: boolean
  /** How it was measured, and which answers were checked first. */
  method: string
  /** Name and value. */
  figures: [string, string][]
}

/** What could not be measured here. */
export interface Unmeasured {
  claim: string
  /** What is missing for it. */
  missing: string
}

export type Answer = Claim | Unmeasured

export function isMeasured(answer: Answer): answer is Claim {
  return 'holds' in answer
}

/** A claim that could not be measured does not hold either. */
export function doAllHold(answers: Answer[]): boolean {
  return answers.every((answer) => isMeasured(answer) && answer.holds)
}

/** Runs a bench as the program that it is; a claim that does not hold is its exit status. */
export async function present(measure: () => Promise<Answer[]>): Promise<void> {
  const answers = await measure()
  for (const answer of answers) console.log(answerText(answer))
  if (!doAllHold(answers)) process.exitCode = 1
  process.send?.(answers)
  if (process.connected) process.disconnect()
}

function answerText(answer: Answer): string {
  if (!isMeasured(answer)) return `NOT MEASURED: ${answer.claim}\n  ${answer.missing}\n`
  const { claim, holds, figures } = answer
  const width = Math.max(...figures.map(([name]) => name.length))
  const lines = figures.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return [`${holds ? 'holds' : 'DOES NOT HOLD'}: ${claim}`, ...lines, ''].join('\n')
}

/** Answers come before times: a wrong one ends the bench. */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  if (!Object.is(found, expected)) throw new Error(`${what}: ${found}, expected ${expected}`)
}
