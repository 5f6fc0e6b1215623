// Where the control socket is when nobody says so: the daemon and `hepcapd ctl` find the same place.

import { join } from 'node:path'

const NAME = 'hepcapd.sock'
/** Where root's daemons have their sockets (hier(7)). */
const ROOTS_FOLDER = '/run/hepcapd'

export function usualControlPath(env: NodeJS.ProcessEnv, uid: number | undefined): string {
  const [given] = (env.RUNTIME_DIRECTORY ?? '').split(':') // systemd.exec(5): several are one behind the other
  const folder = given || env.XDG_RUNTIME_DIR || (uid === 0 ? ROOTS_FOLDER : '')
  return folder === '' ? NAME : join(folder, NAME)
}
