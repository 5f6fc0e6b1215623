// `reload`: what SIGHUP does, with the answer.

import { renderFault } from '../../errors.js'
import type { Reloader } from '../../reload.js'
import { CommandError, type ControlCommand } from '../command.js'

/** `reloader` gives none while the daemon starts. */
export function reload(reloader: () => Reloader | undefined): ControlCommand {
  return {
    name: 'reload',
    help: 'loads the configuration again: script, routes, certificates, databases, lists',
    parameters: [],
    async run() {
      const answer = await reloader()?.reload()
      if (!answer) throw new CommandError('refused', 'it is not ready yet')
      if (!answer.applied)
        throw new CommandError('refused', ['the old one stays', ...answer.faults.map(renderFault)].join('\n'))
      return { applied: true, warnings: answer.warnings.map(renderFault), restart: answer.fixed }
    },
    lines(answer) {
      const { warnings, restart } = answer as { warnings: string[]; restart: string[] }
      return ['OK', ...warnings, ...restart.map((name) => `a change of ${name} takes a restart`)]
    },
  }
}
