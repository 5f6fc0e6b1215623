// `npm run deb [-- --arch arm64]`: the Debian package, with its own Node.js, in release/. What it does to a host is in
// packaging/debian.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { commands } from '../lib/cli.js'
import { completionScript, SHELLS, type Shell } from '../lib/commands/completion.js'
import { architectureOf, NODE_VERSION, nodeRuntime } from './node-runtime.js'
import { DOCUMENTS, packageTree } from './package-tree.js'
import { manualPage } from './reference.js'
import { answer, RELEASE, ROOT, run } from './run.js'

const HOME = 'usr/lib/hepcapd'
const DOC = 'usr/share/doc/hepcapd'
/** Where each shell looks for what completes a program. */
const COMPLETIONS: Readonly<Record<Shell, string>> = {
  bash: 'usr/share/bash-completion/completions/hepcapd',
  zsh: 'usr/share/zsh/vendor-completions/_hepcapd',
}
/** Where each file of packaging/ goes. */
const PLACES: Readonly<Record<string, string>> = {
  'hepcapd.service': 'lib/systemd/system/hepcapd.service',
  'hepcapd.sysusers': 'usr/lib/sysusers.d/hepcapd.conf',
  'hepcapd.sysctl': 'usr/lib/sysctl.d/60-hepcapd.conf',
  'hepcapd.toml': 'etc/hepcapd/hepcapd.toml',
  'debian/lintian-overrides': 'usr/share/lintian/overrides/hepcapd',
}
const MAINTAINER = 'The hepcapd authors <hepcapd@hepcapd.invalid>'
const SCRIPTS = ['postinst', 'prerm', 'postrm']

const architecture = architectureOf(process.argv.slice(2))
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const root = mkdtempSync(join(tmpdir(), 'hepcapd-deb-'))
try {
  fill()
  control()
  mkdirSync(RELEASE, { recursive: true })
  const file = join(RELEASE, `hepcapd_${version}_${architecture}.deb`)
  const env = { SOURCE_DATE_EPOCH: epoch() }
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, file], { env })
  console.log(`${file}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`)
} finally {
  rmSync(root, { recursive: true })
}

function fill(): void {
  packageTree(join(root, HOME), architecture)
  for (const [from, to] of Object.entries(PLACES)) copy(join(ROOT, 'packaging', from), to)
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  symlinkSync('../lib/hepcapd/hepcapd', join(root, 'usr/bin/hepcapd'))
  for (const name of DOCUMENTS) copy(join(ROOT, name), `${DOC}/${name}`)
  put(`${DOC}/CHANGELOG.md.gz`, packed(readFileSync(join(ROOT, 'CHANGELOG.md'))))
  put(`${DOC}/changelog.gz`, packed(changelog()))
  put(`${DOC}/copyright`, copyright())
  put('usr/share/man/man1/hepcapd.1.gz', packed(manualPage()))
  for (const shell of SHELLS) put(COMPLETIONS[shell], completionScript(shell, commands))
  run('chmod', ['-R', 'u=rwX,go=rX', root])
}

function put(to: string, content: string | Buffer): void {
  mkdirSync(join(root, to, '..'), { recursive: true })
  writeFileSync(join(root, to), content)
}

function packed(content: string | Buffer): Buffer {
  return gzipSync(content, { level: 9 })
}

function copy(from: string, to: string): void {
  mkdirSync(join(root, to, '..'), { recursive: true })
  cpSync(from, join(root, to), { recursive: true })
}

function control(): void {
  const debian = join(root, 'DEBIAN')
  const kibibytes = answer('du', ['-sk', '--apparent-size', root]).split('\t')[0]
  mkdirSync(debian)
  const fields = {
    Package: 'hepcapd',
    Version: version,
    Architecture: architecture,
    Maintainer: MAINTAINER,
    'Installed-Size': kibibytes,
    Depends: `libc6 (>= ${newestGlibc()}), libgcc-s1, libstdc++6 (>= 11), systemd | systemd-standalone-sysusers`,
    Recommends: 'ca-certificates',
    Section: 'net',
    Priority: 'optional',
    Description: [
      'SIP and HEP capture server that can say what it lost',
      ' Takes HEP from SIP servers and capture agents, or SIP from a mirror port, and',
      ' stores every message in SQLite, MariaDB, MySQL, PostgreSQL or ClickHouse. A',
      ' ledger accounts for each of them: stored, discarded or dropped, and why.',
      ' .',
      ` Brings its own Node.js ${NODE_VERSION}.`,
    ].join('\n'),
  }
  writeFileSync(
    join(debian, 'control'),
    Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  )
  writeFileSync(join(debian, 'conffiles'), '/etc/hepcapd/hepcapd.toml\n')
  for (const name of SCRIPTS) {
    cpSync(join(ROOT, 'packaging', 'debian', name), join(debian, name))
    run('chmod', ['755', join(debian, name)])
  }
  const sums = answer(
    'sh',
    ['-c', 'find . -type f ! -path "./DEBIAN/*" -printf "%P\\0" | sort -z | xargs -0 md5sum'],
    { cwd: root },
  )
  writeFileSync(join(debian, 'md5sums'), `${sums}\n`)
}

/** Of the C library, as the symbols of all our binaries want it. */
function newestGlibc(): string {
  const binaries = answer('find', [
    join(root, HOME),
    '-type',
    'f',
    '(',
    '-name',
    '*.node',
    '-o',
    '-name',
    'node',
    ')',
  ]).split('\n')
  const wanted = binaries.flatMap((path) =>
    [...answer('objdump', ['-T', path]).matchAll(/GLIBC_(\d+\.\d+)/g)].map(([, one]) => one as string),
  )
  return wanted.sort((one, other) => one.localeCompare(other, 'en', { numeric: true })).at(-1) ?? '2.28'
}

/** The licences of everything that is in it, each once. */
function copyright(): string {
  const modules = join(root, HOME, 'app', 'node_modules')
  const own = readFileSync(join(ROOT, 'LICENSE'), 'utf8')
  const node = readFileSync(join(nodeRuntime(architecture), 'LICENSE'), 'utf8')
  const others = packagesIn(modules).map(({ name, path }) => `== ${name}\n\n${licenceOf(path)}`)
  return [own, `== Node.js ${NODE_VERSION} (/${HOME}/node)\n\n${node}`, ...others].join('\n')
}

function packagesIn(modules: string): { name: string; path: string }[] {
  return readdirSync(modules).flatMap((name) => {
    const path = join(modules, name)
    if (name.startsWith('@')) return packagesIn(path).map((one) => ({ ...one, name: `${name}/${one.name}` }))
    return [{ name, path }]
  })
}

function licenceOf(path: string): string {
  const file = readdirSync(path).find((name) => /^(licen[cs]e|copying)/i.test(name))
  if (file) return readFileSync(join(path, file), 'utf8')
  const { license, author } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  return `${typeof license === 'string' ? license : JSON.stringify(license)}, ${JSON.stringify(author ?? 'its authors')}\n`
}

/** As dpkg wants it; what has changed stands in CHANGELOG.md. */
function changelog(): string {
  const date = answer('date', ['-R', '-u', '-d', `@${epoch()}`])
  return `hepcapd (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- ${MAINTAINER}  ${date}\n`
}

/** The time of the last commit, so that the same sources give the same package. */
function epoch(): string {
  return answer('git', ['log', '-1', '--format=%ct'])
}
