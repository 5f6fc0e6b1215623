// What the doctor finds: a level, one line of what, the command that cures it, and why it matters.

export const LEVELS = ['ok', 'hint', 'warning', 'fault'] as const
export type Level = (typeof LEVELS)[number]

export interface Cure {
  /** The very command, or the setting, that cures it. */
  cure?: string
  /** What keeps it cured after a restart of the host, where the cure itself does not. */
  keep?: string
  /** Why it matters, in a few words. */
  why?: string
}

export interface Finding extends Cure {
  subject: string
  /** Names it for machines. */
  check: string
  level: Level
  what: string
}

type Say = (check: string, what: string, more?: Cure) => Finding

/** Makes the findings of one subject. */
export function about(subject: string): Record<Level, Say> {
  const say =
    (level: Level): Say =>
    (check, what, more = {}) => ({ subject, check, level, what, ...more })
  return { ok: say('ok'), hint: say('hint'), warning: say('warning'), fault: say('fault') }
}

/** The gravest of them. */
export function worstOf(findings: readonly Finding[]): Level {
  const ranks = findings.map(({ level }) => LEVELS.indexOf(level))
  return LEVELS[Math.max(0, ...ranks)] as Level
}

const UNITS = ['octets', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `64 MiB`, `1.5 GiB`. */
export function octetsText(octets: number): string {
  let [value, unit] = [octets, 0]
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1]
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${UNITS[unit]}`
}

/** `1 frame`, `2 frames`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** A sysctl that is too small, cured now and for good. */
export function sysctl(name: string, value: number | string): Required<Pick<Cure, 'cure' | 'keep'>> {
  const quoted = String(value).includes(' ') ? `'${name}=${value}'` : `${name}=${value}`
  return {
    cure: `sysctl -w ${quoted}`,
    keep: `echo '${name} = ${value}' >> /etc/sysctl.d/60-hepcapd.conf`,
  }
}
