// The strftime letters of table names and file paths, always in UTC.

const twoDigits = (value: number) => String(value).padStart(2, '0')

const letters: Record<string, (time: Date) => string> = {
  Y: (time) => String(time.getUTCFullYear()).padStart(4, '0'),
  y: (time) => twoDigits(time.getUTCFullYear() % 100),
  m: (time) => twoDigits(time.getUTCMonth() + 1),
  d: (time) => twoDigits(time.getUTCDate()),
  H: (time) => twoDigits(time.getUTCHours()),
  M: (time) => twoDigits(time.getUTCMinutes()),
  S: (time) => twoDigits(time.getUTCSeconds()),
  j: (time) => String(dayOfYear(time)).padStart(3, '0'),
  '%': () => '%',
}

/** `template` with its letters replaced; one that strftimeFault() refuses stays as it is. */
export function expandUtc(template: string, epochSeconds: number): string {
  const time = new Date(epochSeconds * 1000)
  return template.replace(/%(.)/gs, (whole, letter: string) => letters[letter]?.(time) ?? whole)
}

/** What is wrong with the letters of a template, if anything is. */
export function strftimeFault(template: string): string | undefined {
  for (const [conversion, letter] of template.matchAll(/%(.?)/gs)) {
    if (letter === '') return 'it ends in a single %'
    if (!Object.hasOwn(letters, letter!)) return `${conversion} is no conversion`
  }
  return undefined
}

/** The conversions, for messages and help. */
export const CONVERSIONS = '%Y %y %m %d %H %M %S %j'

function dayOfYear(time: Date): number {
  const newYear = Date.UTC(time.getUTCFullYear(), 0, 1)
  return Math.floor((time.getTime() - newYear) / 86_400_000) + 1
}
