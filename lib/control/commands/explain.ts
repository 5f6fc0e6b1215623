// `explain PACKET [FRAME]`: what would become of a packet now, and why. It changes nothing.

import { RefusedError, renderFault } from '../../errors.js'
import type { Explainer, Explanation } from '../../trace/explain.js'
import { jsonOf, outcomeLine, reportLines } from '../../trace/text.js'
import { CommandError, type ControlCommand, type Json } from '../command.js'
import { octetsOf } from '../octets.js'

export function explain(explainer: Explainer): ControlCommand {
  const linesOf = new WeakMap<object, () => string[]>()
  return {
    name: 'explain',
    help: 'takes a packet through the routes as they are now, and says what would become of it; nothing is stored or sent',
    parameters: [
      {
        name: 'packet',
        help: 'a HEP packet, a SIP message or a capture: in base64, as hex digits, or SIP as it is',
      },
      {
        name: 'frame',
        help: 'of a capture, from 1; else the first that carries a message',
        isOptional: true,
      },
    ],
    async run({ packet = '', frame = '0' }) {
      if (!/^\d{1,9}$/.test(frame)) throw new CommandError('bad_argument', 'frame is a number')
      const explained = await explainer.explain(octetsOf(packet), Number(frame)).catch(told)
      const answer = answerOf(explained)
      linesOf.set(answer, () => textOf(explained))
      return answer as unknown as Json
    },
    lines: (answer) => linesOf.get(answer as object)?.() ?? [],
  }
}

/** What is given is at fault, or the daemon cannot do it now. */
function told(error: unknown): never {
  if (!(error instanceof RefusedError)) throw error
  const isBusy = error.code === 'busy' || error.code === 'module'
  throw new CommandError(isBusy ? 'refused' : 'bad_argument', error.message)
}

function answerOf({ report, file, dropped, warnings, inForce }: Explanation) {
  const { capture, sinks } = inForce
  const none = { file, frame: null, message: null, steps: [], rows: [], stores: [], packets: [] }
  return {
    ...(report ? jsonOf(report) : { ...none, outcome: 'dropped', reason: dropped }),
    warnings: warnings.map(renderFault),
    capture: capture.isOn ? 'on' : 'off',
    sinks: sinks.sinks.map(({ name, sends = false, answers = true }) => ({
      name,
      kind: sends ? 'relay' : 'store',
      answers,
    })),
  }
}

function textOf({ report, file, dropped, warnings, inForce }: Explanation): string[] {
  const { capture, sinks } = inForce
  const named = sinks.sinks.map(({ name, answers = true }) => `${name}${answers ? '' : ' (is away)'}`)
  return [
    ...warnings.map(renderFault),
    `capture: ${capture.isOn ? 'on' : 'off'}`,
    `sinks: ${named.join(', ') || 'none'}`,
    ...(report
      ? reportLines(report)
      : [`packet: ${file}`, '  an input drops it before it is a message', droppedLine(dropped)]),
  ]
}

function droppedLine(reason: string): string {
  return outcomeLine({ outcome: 'dropped', reason })
}
