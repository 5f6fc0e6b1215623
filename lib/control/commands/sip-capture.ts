// `sip_capture [on|off]`, as OpenSIPS has it.

import type { CaptureSwitch } from '../../route/capture-switch.js'
import { CommandError, type ControlCommand } from '../command.js'

type State = { 'SIP capturing': string }

export function sipCapture(capture: CaptureSwitch): ControlCommand {
  const state = (): State => ({ 'SIP capturing': capture.isOn ? 'on' : 'off' })
  return {
    name: 'sip_capture',
    aliases: ['sipcapture:capture'],
    help: 'says whether rows are stored, or turns that on or off; messages that came before the answer are handled as before',
    parameters: [{ name: 'capture_mode', help: 'on or off', isOptional: true }],
    async run({ capture_mode: mode }) {
      if (mode === undefined) return state()
      const wanted = mode.toLowerCase()
      if (wanted !== 'on' && wanted !== 'off')
        throw new CommandError('bad_argument', 'capture_mode is on or off')
      await capture.turn(wanted === 'on')
      return 'OK'
    },
    lines: (answer) => [typeof answer === 'string' ? answer : (answer as State)['SIP capturing']],
  }
}
