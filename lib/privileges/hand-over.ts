// Gives privileges up for good: opens what wants them, becomes the user of --user, and begins the program anew with
// what is open, so that no thread of it has ever had more than is kept. Never goes on as who it was.

import { chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { type Account, binding } from '../binding.js'
import { type Fault, RefusedError, renderFault } from '../errors.js'
import type { Effective } from '../options/settings.js'
import { accessFaults } from './access.js'
import { INHERITED, inheritance } from './inheritance.js'
import { type Plan, planOf, shownAccount } from './plan.js'
import { type OpenedSockets, openSockets } from './sockets.js'

/** Where root's daemons have their sockets (hier(7)). */
const RUNTIME_FOLDER = '/run/hepcapd'

/** libuv marks them as ours alone. */
const STANDARD = [0, 1, 2]

/**
 * Resolves where nothing is to be given up, or all of it was. Else it does not return, but by rejecting with a
 * RefusedError, after which the process has to end.
 */
export async function handOver(effective: Effective): Promise<void> {
  const plan = planOf(effective.settings)
  if (inheritance.isThere) {
    if (plan) throw stillPrivileged()
    return binding.hideMemory()
  }
  if (!plan) return
  const sockets = await openSockets(effective.settings)
  const environment = environmentOf(plan.account)
  become(plan)
  judge(accessFaults(effective, shownUser(plan.account), inheritance.paths))
  beginAnew(environment, sockets)
}

function shownUser(account: Account | undefined): string {
  return account ? shownAccount(account) : String(process.getuid?.())
}

function become({ account, keep }: Plan): void {
  try {
    binding.givePrivilegesUp(account ?? null, keep)
  } catch (error) {
    throw refused('cannot give privileges up', error)
  }
}

function beginAnew(environment: NodeJS.ProcessEnv, sockets: OpenedSockets): never {
  const list = inheritance.handOn(sockets.byName)
  const texts = Object.entries({ ...environment, [INHERITED]: String(list) })
  const argv = [process.argv0, ...process.execArgv, ...process.argv.slice(1)]
  try {
    return binding.replaceProcess(
      process.execPath,
      argv,
      texts.map(([name, value]) => `${name}=${value}`),
      [...STANDARD, list, ...sockets.descriptors],
    )
  } catch (error) {
    throw refused('cannot begin anew as that user', error)
  }
}

/** As systemd's User= sets it. What a daemon of root's would open by default has a folder of the user's. */
function environmentOf(account: Account | undefined): NodeJS.ProcessEnv {
  if (!account) return process.env
  const { XDG_RUNTIME_DIR: _, ...others } = process.env
  const name = shownAccount(account)
  const folder = process.env.RUNTIME_DIRECTORY ?? runtimeFolder(account)
  return {
    ...others,
    HOME: account.home || '/',
    USER: name,
    LOGNAME: name,
    ...(folder === undefined ? {} : { RUNTIME_DIRECTORY: folder }),
  }
}

/** undefined where there is none for this user: a default door stays shut then, and says so. */
function runtimeFolder({ uid, gid }: Account): string | undefined {
  try {
    mkdirSync(RUNTIME_FOLDER, { recursive: true, mode: 0o750 })
    const { uid: owner } = statSync(RUNTIME_FOLDER)
    if (owner === uid) return RUNTIME_FOLDER
    if (owner !== 0 || readdirSync(RUNTIME_FOLDER).length > 0) return undefined // another daemon's
    chownSync(RUNTIME_FOLDER, uid, gid)
    return RUNTIME_FOLDER
  } catch {
    return undefined
  }
}

/** Prints them all; throws the last error. */
function judge(faults: readonly Fault[]): void {
  const last = faults.findLast(({ severity }) => severity === 'error')
  for (const fault of faults) if (fault !== last) process.stderr.write(`${renderFault(fault)}\n`)
  if (!last) return
  const { where, what, cure } = last
  throw new RefusedError({ code: 'EACCES', message: what, cure, where })
}

function stillPrivileged(): RefusedError {
  return new RefusedError({
    code: 'EPERM',
    message: 'privileges are there again after they were given up',
    cure: 'take file capabilities and set-user-ID off the node binary: setcap -r $(readlink -f $(command -v node))',
  })
}

function refused(what: string, error: unknown): RefusedError {
  const { code = 'ERROR', syscall, message, cure } = error as NodeJS.ErrnoException & { cure?: string }
  return new RefusedError({
    code,
    syscall,
    message: `${what}: ${message}`,
    cure: cure || 'run `hepcapd doctor` for what this host forbids',
  })
}
