// The strftime letters of table names and file paths, and those of scripts, always in UTC.

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

export function dayOfYear(time: Date): number {
  const newYear = Date.UTC(time.getUTCFullYear(), 0, 1)
  return Math.floor((time.getTime() - newYear) / 86_400_000) + 1
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const dayName = (time: Date) => DAYS[time.getUTCDay()] as string
const monthName = (time: Date) => MONTHS[time.getUTCMonth()] as string

/** Short for several letters. */
const SHORT: Record<string, string> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
}

/** Of the locale C. */
const textLetters: typeof letters = {
  ...letters,
  e: (time) => String(time.getUTCDate()).padStart(2),
  I: (time) => twoDigits(time.getUTCHours() % 12 || 12),
  p: (time) => (time.getUTCHours() < 12 ? 'AM' : 'PM'),
  a: (time) => dayName(time).slice(0, 3),
  A: dayName,
  b: (time) => monthName(time).slice(0, 3),
  h: (time) => monthName(time).slice(0, 3),
  B: monthName,
  u: (time) => String(time.getUTCDay() || 7),
  w: (time) => String(time.getUTCDay()),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  z: () => '+0000',
  Z: () => 'UTC',
  n: () => '\n',
  t: () => '\t',
}

/** `$time` and `{date.strftime}`; what is no letter stays. undefined for a time that no calendar has. */
export function dateText(format: string, epochSeconds: number): string | undefined {
  const time = new Date(epochSeconds * 1000)
  if (Number.isNaN(time.getTime())) return undefined
  const long = format.replace(/%(.)/gs, (whole, letter: string) => SHORT[letter] ?? whole)
  return long.replace(/%(.)/gs, (whole, letter: string) => textLetters[letter]?.(time) ?? whole)
}
