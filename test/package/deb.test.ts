// The Debian package in a system of its own, which has neither Node.js nor a compiler: installed, used, upgraded, removed
// and purged by dpkg, in a fresh debootstrap of Debian 12.

import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t from 'tap'
import { RELEASE, ROOT } from '../../packaging/run.js'
import { Namespace, noNamespaces } from '../support/namespace.js'
import { options } from '../support/packets.js'
import { missing, until } from '../support/tools.js'

t.setTimeout(900_000)

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const deb = join(RELEASE, `hepcapd_${version}_amd64.deb`)
const skip =
  (!existsSync(deb) && 'release/ has no package of this version: npm run deb') ||
  missing('debootstrap') ||
  noNamespaces()

const MOST_BYTES = 40 << 20
const DB = '/var/lib/hepcapd/calls.db'

/** A system that is entered by chroot. */
class System {
  readonly root = mkdtempSync(join(tmpdir(), 'hepcapd-system-'))

  constructor() {
    const include = '--include=systemd,init-system-helpers'
    execFileSync('debootstrap', ['--variant=minbase', include, 'bookworm', this.root], { stdio: 'ignore' })
    chmodSync(this.root, 0o755) // it is the root of others too
    execFileSync('mount', ['-t', 'proc', 'proc', join(this.root, 'proc')])
    execFileSync('mount', ['--bind', '/dev', join(this.root, 'dev')])
  }

  /** Exit status, and all that was said. */
  run(...command: string[]): { status: number | null; said: string } {
    const { status, stdout, stderr } = spawnSync('chroot', [this.root, ...command], {
      encoding: 'utf8',
      env: ENV,
    })
    return { status, said: stdout + stderr }
  }

  /** Files and folders of ours. */
  files(): string[] {
    const find = [
      'find',
      '/',
      '-xdev',
      '-name',
      '*hepcapd*',
      '-not',
      '-path',
      '/proc/*',
      '-not',
      '-path',
      '/root/*',
    ]
    return this.run(...find)
      .said.split('\n')
      .filter((path) => path !== '')
  }

  remove(): void {
    for (const folder of ['proc', 'dev']) spawnSync('umount', ['-l', join(this.root, folder)])
    if (readFileSync('/proc/self/mounts', 'utf8').includes(this.root)) return // rather than this host's /dev
    rmSync(this.root, { recursive: true, force: true })
  }
}

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }

t.test('installed, used, upgraded, removed, purged', { skip }, async (t) => {
  const system = new System()
  t.teardown(() => system.remove())
  t.comment(`${basename(deb)}: ${(readFileSync(deb).length / 2 ** 20).toFixed(1)} MiB`)
  t.ok(readFileSync(deb).length < MOST_BYTES)
  execFileSync('cp', [deb, join(system.root, 'root', 'hepcapd.deb')])
  for (const program of ['node', 'cc', 'gcc', 'python3'])
    t.equal(system.run('which', program).status, 1, `no ${program}`)

  const { status, said } = system.run('dpkg', '-i', '/root/hepcapd.deb')
  t.equal(status, 0, said)
  t.equal(system.run('hepcapd', '--version').said.trim(), version)
  t.equal(system.run('systemctl', 'is-enabled', 'hepcapd').said.trim(), 'enabled')
  t.match(system.run('id', 'hepcapd').said, /uid=\d+\(hepcapd\)/)
  t.equal(system.run('stat', '-c', '%U %a', '/var/lib/hepcapd').said.trim(), 'hepcapd 750')
  t.equal(system.run('stat', '-c', '%U %G %a', '/etc/hepcapd/hepcapd.toml').said.trim(), 'root hepcapd 640')
  for (const file of [
    'bash-completion/completions/hepcapd',
    'zsh/vendor-completions/_hepcapd',
    'man/man1/hepcapd.1.gz',
  ])
    t.ok(existsSync(join(system.root, 'usr/share', file)), file)
  t.equal(system.run('hepcapd', 'check', '--config', '/etc/hepcapd/hepcapd.toml').status, 0)

  await t.test('the unit', async (t) => {
    t.same(system.run('systemd-analyze', 'verify', 'hepcapd.service'), { status: 0, said: '' })
    const { said } = system.run('systemd-analyze', 'security', '--offline=true', 'hepcapd.service')
    const [, exposure = '10'] = /exposure level for hepcapd.service: ([\d.]+)/.exec(said) ?? []
    t.ok(Number(exposure) <= 2, `exposure ${exposure}`)
  })

  await t.test('it captures, and stores', async (t) => {
    const space = new Namespace()
    t.teardown(() => space.delete())
    const capture = ['--moni', '-i', 'lo', '--raw-socket-listen', '127.0.0.1:5060']
    const more = [
      '--listen',
      'hep_udp:127.0.0.1:9060',
      '--db-url',
      `sqlite:${DB}`,
      '--spool',
      '/var/lib/hepcapd/spool',
    ]
    const doors = ['--http', 'off', '--control', 'off']
    const args = [system.root, '/usr/bin/hepcapd', '--user', 'hepcapd', ...capture, ...more, ...doors]
    const daemon = space.spawn('chroot', args, { stdio: ['ignore', 'pipe', 'pipe'], env: ENV })
    let said = ''
    daemon.stderr?.on('data', (part) => {
      said += part
    })
    daemon.stdout?.on('data', (part) => {
      said += part
    })
    await until(() => said.includes('ready: ') || daemon.exitCode !== null)
    for (let at = 0; at < 5; at++) await space.sendUdp(5060, options(`deb-${at}`))
    await new Promise((resolve) => setTimeout(resolve, 500))
    daemon.kill('SIGTERM')
    await once(daemon, 'close')
    const last = said.trim().split('\n').at(-1)!
    t.ok(last.startsWith('{"inputs"'), said)
    const { inputs } = JSON.parse(last)
    t.match(Object.values(inputs), [{}, { stored: 5, dropped: {} }], said)
    const shown = system.run('hepcapd', 'show', '--db-url', `sqlite:${DB}`, '--last', '20').said
    for (let at = 0; at < 5; at++) t.match(shown, `deb-${at}`)
  })

  await t.test('an upgrade keeps a configuration that was changed', async (t) => {
    appendFileSync(join(system.root, 'etc/hepcapd/hepcapd.toml'), '\ncapture_node = "mine"\n')
    t.equal(system.run('dpkg', '-i', '/root/hepcapd.deb').status, 0)
    t.match(readFileSync(join(system.root, 'etc/hepcapd/hepcapd.toml'), 'utf8'), /"mine"/)
    t.equal(system.run('stat', '-c', '%U %G %a', '/etc/hepcapd/hepcapd.toml').said.trim(), 'root hepcapd 640')
  })

  await t.test('a newer one leaves its own configuration beside one that was changed', async (t) => {
    newer(deb, join(system.root, 'root', 'newer.deb'))
    const { status, said } = system.run('dpkg', '-i', '--force-confold', '/root/newer.deb')
    t.equal(status, 0, said)
    t.match(system.run('dpkg', '-s', 'hepcapd').said, /^Version: .*\+newer$/m)
    t.match(readFileSync(join(system.root, 'etc/hepcapd/hepcapd.toml'), 'utf8'), /"mine"/)
    t.match(readFileSync(join(system.root, 'etc/hepcapd/hepcapd.toml.dpkg-dist'), 'utf8'), /# newer$/m)
  })

  await t.test('removing keeps configuration and rows, purging nothing', async (t) => {
    t.equal(system.run('dpkg', '-r', 'hepcapd').status, 0)
    t.ok(existsSync(join(system.root, DB)))
    t.ok(existsSync(join(system.root, 'etc/hepcapd/hepcapd.toml')))
    const { status, said } = system.run('dpkg', '-P', 'hepcapd')
    t.equal(status, 0, said)
    t.same(system.files(), [])
    t.equal(system.run('dpkg', '-s', 'hepcapd').status, 1)
  })
})

/** The same package with another version, and another configuration in it. */
function newer(deb: string, into: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-newer-'))
  try {
    execFileSync('dpkg-deb', ['--raw-extract', deb, join(folder, 'tree')])
    const control = join(folder, 'tree/DEBIAN/control')
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, '$&+newer'))
    appendFileSync(join(folder, 'tree/etc/hepcapd/hepcapd.toml'), '# newer\n')
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', join(folder, 'tree'), into], {
      stdio: 'ignore',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

t.test('lintian has nothing to say that is not argued', { skip: skip || missing('lintian') }, async (t) => {
  const args = ['--tag-display-limit', '0', '--allow-root', '--fail-on', 'error,warning', deb]
  const { status, stdout, stderr } = spawnSync('lintian', args, { encoding: 'utf8' })
  t.equal(status, 0, stdout + stderr)
})
