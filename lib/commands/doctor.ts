// `hepcapd doctor`: what the daemon with these options needs on this host, and what cures what is wrong.

import { examine } from '../doctor/examine.js'
import { worstOf } from '../doctor/finding.js'
import { selfTest } from '../doctor/self-test.js'
import { findingsText } from '../doctor/text.js'
import type { Settings } from '../options/settings.js'
import { type Output, processOutput } from './output.js'

export interface DoctorOptions {
  json: boolean
  selfTest: boolean
}

/** Resolves to the exit status: 1 when there is a fault. */
export async function doctor(
  settings: Settings,
  { json, selfTest: isTested }: DoctorOptions,
  output: Output = processOutput(),
): Promise<number> {
  const findings = await examine(settings, isTested ? () => selfTest(settings) : undefined)
  const worst = worstOf(findings)
  output.out(json ? JSON.stringify({ worst, findings }, null, 2) : findingsText(findings, output.colours))
  return worst === 'fault' ? 1 : 0
}
