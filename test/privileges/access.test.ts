// What the user of --user can read and write is asked before anything is opened: what cannot work is exit status 1 with
// its cure, and what only a reload will want is a warning.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Authority } from '../support/certificates.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { giveToNobody, NOBODY, noPrivileges, threadsOf, withAmbient } from '../support/privileges.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(240_000)

const skip = noPrivileges()
const program = fileURLToPath(new URL('../../bin/hepcapd.js', import.meta.url))
const UDP = ['--listen', 'hep_udp:127.0.0.1:0']
/** /run is the host's. */
const ENVIRONMENT = { RUNTIME_DIRECTORY: t.testdirName }
const STORELESS = [...UDP, '--db-url', 'none:']

/** A folder that nobody but root may enter. */
function rootsOwn(folder: string): string {
  const path = join(folder, 'roots')
  mkdirSync(path)
  chmodSync(path, 0o700)
  return path
}

t.test('users that cannot be become are refused', { skip }, async (t) => {
  const unknown = await hepcapd(['--user', 'no-such-user', ...STORELESS], ENVIRONMENT)
  t.equal(unknown.status, 1)
  t.match(unknown.err, /^hepcapd: error: there is no user no-such-user \(ENOENT\); .*getent passwd/)
  const group = await hepcapd(['--user', NOBODY, '--group', 'no-such-group', ...STORELESS], ENVIRONMENT)
  t.equal(group.status, 1)
  t.match(group.err, /there is no group no-such-group/)
  const powerless = await hepcapd(['--user', 'daemon', ...STORELESS], {}, withAmbient())
  t.equal(powerless.status, 1)
  t.match(powerless.err, /cannot become the user daemon without CAP_SETUID and CAP_SETGID .*; start as root/)
})

t.test('the user that we are already is no change', { skip }, async (t) => {
  const daemon = await RunningDaemon.start(['--user', NOBODY, ...STORELESS], {}, withAmbient())
  t.equal((await daemon.stop()).status, 0)
})

t.test('folders and files that it cannot use end it, all of them told', { skip }, async (t) => {
  const folder = t.testdir()
  const roots = rootsOwn(folder)
  const routes = join(roots, 'routes.mjs')
  writeFileSync(routes, 'export function request() {}\n')
  const args = [
    '--db-url',
    `sqlite:${join(roots, 'a.db')}`,
    '--spool',
    join(roots, 'spool'),
    '--routes',
    routes,
  ]
  const { status, err } = await hepcapd(['--user', NOBODY, ...UDP, ...args], ENVIRONMENT)
  t.equal(status, 1)
  t.match(err, /--routes: error: nobody cannot read .*routes\.mjs; give it: setfacl/)
  t.match(err, /--db-url: error: nobody cannot write .*roots; give it: setfacl/)
  t.match(err, /--spool: error: nobody cannot write .*roots \(EACCES\); give it: setfacl/)
})

t.test("a database of root's is no database of nobody's", { skip }, async (t) => {
  const folder = giveToNobody(t.testdir())
  const path = join(folder, 'a.db')
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  const args = ['--db-url', `sqlite:${path}`, '--spool', join(folder, 'spool')]
  const { status, err } = await hepcapd(['--user', NOBODY, ...UDP, ...args], ENVIRONMENT)
  t.equal(status, 1)
  t.match(err, /--db-url: error: nobody cannot write .*a\.db \(EACCES\); give it/)
})

const noTls = skip || missing('openssl')
t.test('what was read before serves until a reload, and says so', { skip: noTls }, async (t) => {
  const folder = t.testdir()
  const roots = rootsOwn(folder)
  const { cert, key } = new Authority(roots).sign('server')
  const config = join(roots, 'hepcapd.toml')
  const listen = 'listen = ["hep_tls:127.0.0.1:0"]'
  writeFileSync(config, `${listen}\ndb_url = ["none:"]\ntls_cert = "${cert}"\ntls_key = "${key}"\n`)
  const daemon = await RunningDaemon.start(['--user', NOBODY, '--config', config], ENVIRONMENT)
  for (const file of [config, cert, key])
    t.ok(daemon.err.includes(`${file}: warning: nobody cannot read it: a reload will be refused`), file)
  t.ok(daemon.port('hep_tls') > 0)
  daemon.child.kill('SIGHUP')
  await until(() => /cannot be used; the old one stays/.test(daemon.err))
  t.match(daemon.err, /cannot read the configuration file .* \(EACCES\)/)
  t.equal((await daemon.stop()).status, 0)
})

t.test('a configuration from a pipe is read once, and used', { skip }, async (t) => {
  const folder = t.testdir({
    'a.toml': 'listen = ["hep_udp:127.0.0.1:0"]\ndb_url = ["none:"]\nuser = "nobody"\n',
  })
  const line = 'exec "$0" "$1" --config <(cat "$2")'
  const child = spawn('bash', ['-c', line, process.execPath, program, join(folder, 'a.toml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...ENVIRONMENT },
  })
  t.teardown(() => child.kill('SIGKILL'))
  let err = ''
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString()
  })
  await until(() => /ready: hep_udp:/.test(err))
  t.ok(threadsOf(child.pid).every(({ bounding }) => bounding === 0n))
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [0, null])
})
