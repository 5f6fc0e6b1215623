// The daemon at one end of a cable, and what is played onto the other.

import type { Test } from 'tap'
import { droppedOf, type InputLedger } from '../../lib/ledger.js'
import { RunningDaemon } from './cli.js'
import { Wire } from './wire.js'

export function plugIn(t: Test): Wire {
  const wire = new Wire()
  t.teardown(() => wire.delete())
  return wire
}

export async function listen(t: Test, wire: Wire, path: string, ...more: string[]): Promise<RunningDaemon> {
  const args = ['--moni', '--raw-interface', wire.device, '--db-url', `sqlite:${path}`, ...more]
  const daemon = await RunningDaemon.start(args, {}, wire.far.exec)
  t.teardown(() => daemon.child.kill('SIGKILL'))
  return daemon
}

/** Stops it and checks both identities of its ledger. */
export async function settle(t: Test, daemon: RunningDaemon): Promise<InputLedger> {
  const { status, ledger, err } = await daemon.stop()
  t.equal(status, 0, err)
  const input = Object.values(ledger.inputs)[0] as InputLedger
  t.equal(droppedOf(input), 0)
  t.equal(input.received, input.stored)
  t.equal(input.in_flight, 0)
  const { total, messages, held, ignored } = input.frames as NonNullable<InputLedger['frames']>
  t.equal(total, messages + held + Object.values(ignored).reduce((sum, count) => sum + count, 0))
  return input
}

export async function replay(t: Test, wire: Wire, file: string): Promise<void> {
  const status = await wire.near.run('tcpreplay', ['--topspeed', '-i', wire.device, file])
  t.equal(status, 0, 'tcpreplay')
}
