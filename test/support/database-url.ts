// The db_url of a target, with its password.

import type { DatabaseTarget } from '../../lib/sink/database-target.js'

type Address = DatabaseTarget['hosts'][number]

/** At another address where one is named: that of a proxy. */
export function urlOf(
  { engine, hosts, user, password, database }: DatabaseTarget,
  { host, port }: Address = hosts[0]!,
): string {
  return `${engine}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`
}
