// Measuring beside noisy neighbours: rivals take turns in one run, and medians are compared.

export interface Spread {
  median: number
  least: number
  most: number
}

export function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const at = (index: number) => sorted[index] as number
  return {
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  }
}

/** Lets each rival work in turn, `rounds` times, and gives what each measured. */
export async function takeTurns<Name extends string>(
  rounds: number,
  rivals: Record<Name, () => number | Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(rivals) as Name[]
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) measured[name].push(await rivals[name]())
  }
  return measured
}

/** Milliseconds that `work` takes. */
export function timed(work: () => void): number {
  const began = performance.now()
  work()
  return performance.now() - began
}

/** Milliseconds of processor time that `work` takes: neighbours who hold the processor do not count. */
export function cpuTimed(work: () => void): number {
  const began = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000
}

/** Milliseconds of the clock that all processes of this machine share. */
export function sharedClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** `median (least to most) unit` */
export function spreadText({ median, least, most }: Spread, unit: string): string {
  return `${figure(median)} (${figure(least)} to ${figure(most)}) ${unit}`
}

/** Three digits that count, or all of a large number's. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return grouped(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

function grouped(whole: number): string {
  return whole.toLocaleString('en-US')
}
