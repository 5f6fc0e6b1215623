// The clock: rows are dated by it where packets bring no time, and senders' times are judged by it. Rows are in UTC:
// the time zone of the host does not matter.

import type { ClockState } from '../binding.js'
import { about, type Finding } from './finding.js'

const say = about('clock')

const WIDE_ERROR_US = 100_000
const JUMP_MS = 20
/** Reading one of these takes longer than taking a packet. */
const SLOW_SOURCES = ['hpet', 'acpi_pm', 'jiffies']

export interface ClockFacts {
  state: ClockState | undefined
  /** Of the kernel. */
  source: string | undefined
  /** What the clock went further than time did, while the doctor looked. */
  jumpMs: number
}

export function clock({ state, source, jumpMs }: ClockFacts): Finding[] {
  const findings: Finding[] = []
  if (state) findings.push(synchronization(state))
  if (Math.abs(jumpMs) > JUMP_MS) {
    const what = `the clock was set by ${Math.round(jumpMs)} ms while the doctor looked`
    const cure = 'makestep 1 3 in chrony.conf: steps at the start alone'
    findings.push(say.warning('clock_jump', what, { cure, why: 'messages of a call change their order' }))
  }
  if (source !== undefined && SLOW_SOURCES.includes(source)) {
    findings.push(
      say.hint('clock_source', `the kernel reads its time from ${source}, which is slow`, {
        cure: 'echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource',
        keep: 'clocksource=tsc on the command line of the kernel',
        why: 'every packet is given its time',
      }),
    )
  }
  return findings
}

function synchronization({ synchronized, maxErrorUs }: ClockState): Finding {
  const error = `${(maxErrorUs / 1000).toFixed(maxErrorUs < 10_000 ? 1 : 0)} ms`
  if (!synchronized) {
    return say.warning('clock_sync', 'nothing keeps the clock right (NTP)', {
      cure: 'timedatectl set-ntp true',
      keep: 'apt-get install chrony',
      why: 'messages of several agents are put in order by their times',
    })
  }
  if (maxErrorUs < WIDE_ERROR_US) return say.ok('clock_sync', `the clock is synchronized, within ${error}`)
  return say.hint('clock_sync', `the clock is synchronized, and may be ${error} off`, {
    cure: 'chronyc sources',
    why: 'messages of several agents are put in order by their times',
  })
}
