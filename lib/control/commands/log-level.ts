// `log_level [LEVEL]`.

import { type Log, type LogLevel, logLevels } from '../../log.js'
import { CommandError, type ControlCommand } from '../command.js'

export function logLevel(log: Log): ControlCommand {
  return {
    name: 'log_level',
    help: 'says what is logged at least, or changes it until the next reload',
    parameters: [{ name: 'level', help: logLevels.join(', '), isOptional: true }],
    run({ level }) {
      if (level === undefined) return log.level
      const wanted = logLevels.find((one) => one === level.toLowerCase())
      if (!wanted) throw new CommandError('bad_argument', `level is one of ${logLevels.join(', ')}`)
      log.level = wanted satisfies LogLevel
      return 'OK'
    },
    lines: (answer) => [String(answer)],
  }
}
