// Who the daemon is to be and what it keeps, against who it is and what it has. Only looks; gives nothing up.

import { type Account, binding } from '../binding.js'
import { CAPABILITIES } from '../doctor/privileges.js'
import { RefusedError } from '../errors.js'
import type { Settings } from '../options/settings.js'

/** Of capabilities(7). */
const CHANGES_IDS = { SETGID: 6, SETUID: 7 } as const

export interface Plan {
  /** Whom the process becomes; undefined for one that stays who it is. */
  account: Account | undefined
  /** For the rest of its life. */
  keep: number[]
}

/** undefined where there is nothing to give up. Throws a RefusedError. */
export function planOf({ user, group, raw }: Pick<Settings, 'user' | 'group' | 'raw'>): Plan | undefined {
  const keep = raw ? [CAPABILITIES.NET_RAW] : []
  const held = binding.permittedCapabilities()
  const hasMore = held.some((one) => !(keep as number[]).includes(one))
  if (user === '' && group === '') {
    const isRoot = process.geteuid?.() === 0 // whoever starts root without --user wants root
    return hasMore && !isRoot ? { account: undefined, keep } : undefined
  }
  const account = accountOf(user, group)
  if (isUs(account)) return hasMore ? { account: undefined, keep } : undefined
  const may = Object.values(CHANGES_IDS).every((one) => held.includes(one))
  if (!may) throw notRoot(account, user)
  return { account, keep }
}

/** The name, or the number where there is none. */
export function shownAccount({ name, uid }: Account): string {
  return name || String(uid)
}

function accountOf(user: string, group: string): Account {
  try {
    return binding.account(user, group)
  } catch (error) {
    const { code = 'ERROR', syscall, cure } = error as NodeJS.ErrnoException & { cure: string }
    const what = syscall?.startsWith('getgrnam') ? `group ${group}` : `user ${user}`
    throw new RefusedError({ code, syscall, message: `there is no ${what}`, cure })
  }
}

function isUs({ uid, gid, groups }: Account): boolean {
  const own = new Set(process.getgroups?.())
  const isSame = process.getuid?.() === uid && process.getgid?.() === gid
  return isSame && groups.every((one) => own.has(one)) && own.size === new Set(groups).size
}

function notRoot(account: Account, user: string): RefusedError {
  return new RefusedError({
    code: 'EPERM',
    syscall: 'setresuid',
    message: `cannot become ${user === '' ? 'another group' : `the user ${shownAccount(account)}`} without CAP_SETUID and CAP_SETGID`,
    cure: 'start as root, or leave out --user and --group',
  })
}
