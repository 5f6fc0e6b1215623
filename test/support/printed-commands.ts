// Runs what the pages print, as it is printed: in a folder and a network namespace of the page's own, where hepcapd, npx
// and sudo are small programs in front of the built one. A daemon that would run for ever is stopped once it is ready.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { dialog } from '../../lib/sip/dialog.js'
import { ROOT } from '../../packaging/run.js'
import { pcap } from '../send/captures.js'
import { Authority } from './certificates.js'
import { Namespace } from './namespace.js'
import { packet } from './packets.js'
import { type Block, blocksOf, commandsOf } from './pages.js'
import { missing } from './tools.js'

const SECONDS = 45
const OPEN = 0o777
/** In the folder: what a daemon beside the commands printed at its end. */
export const LEDGER = 'ledger.json'
/** That the pages name. */
const ADDRESSES = ['10.0.0.1/24', '192.0.2.9/24']
const COMMANDS = readdirSync(join(ROOT, 'dist/lib/commands')).flatMap(
  (name) => name.match(/^\w+(?=\.js$)/) ?? [],
)

/** Stays in front until it is ready, and is stopped then: exit status 0 says that it came up, and went as it should. */
const HEPCAPD = `#!/bin/bash
program=("${process.execPath}" "${join(ROOT, 'dist/bin/hepcapd.js')}")
if [ "\${1:-}" = send ] && [ -e beside ]; then
  "\${program[@]}" "$@"
  # what comes next may look at what is stored
  while "\${program[@]}" ctl stats --json | grep -q '"in_flight":[1-9]'; do :; done
  exit
fi
case " \${1:-} " in ${[...COMMANDS, '--help', '--version'].map((name) => `' ${name} '`).join('|')}) exec "\${program[@]}" "$@" ;; esac
for word in "$@"; do case "$word" in --read|-r) exec "\${program[@]}" "$@" ;; esac; done
log=$(mktemp -p .)
"\${program[@]}" "$@" 2>"$log" &
until grep -q 'ready: ' "$log"; do
  kill -0 $! 2>/dev/null || { cat "$log" >&2; wait $!; exit; }
  sleep 0.05
done
if [ -n "\${BESIDE:-}" ]; then echo $! >"$BESIDE"; else kill $!; fi
wait $!
status=$?
[ $status = 0 ] || cat "$log" >&2
exit $status
`

/** A folder with all that the pages' commands name, and with the files that this page prints. */
export function folderOf(t: Test, blocks: readonly Block[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-docs-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['bin', 'run', 'spool']) mkdirSync(join(folder, name))
  for (const path of [folder, join(folder, 'run'), join(folder, 'spool')]) chmodSync(path, OPEN) // daemons become nobody
  const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content)
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 })
  program('hepcapd', HEPCAPD)
  program('npx', '#!/bin/bash\nexec "$@"\n')
  program('sudo', '#!/bin/bash\nexec "$@"\n')
  const messages = [0, 1].flatMap((call) => dialog(call, 7).map(({ text }) => text))
  const capture = pcap(messages.map((payload) => ({ payload })))
  for (const name of ['calls.pcap', 'call.pcap', 'more.pcapng']) put(name, capture)
  put('call.hep', packet(messages[0] as string))
  for (const name of readdirSync(join(ROOT, 'examples')))
    copyFileSync(join(ROOT, 'examples', name), join(folder, name))
  if (!missing('openssl')) certificates(folder)
  for (const { file, text } of blocks) if (file !== undefined) put(file, text)
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/hepcapd'))
  return folder
}

function certificates(folder: string): void {
  const made = join(folder, 'certificates')
  mkdirSync(made)
  const authority = new Authority(made)
  const { cert, key } = authority.sign('server')
  copyFileSync(cert, join(folder, 'server.pem'))
  copyFileSync(key, join(folder, 'server.key'))
  copyFileSync(authority.cert, join(folder, 'agents.pem'))
}

/** With two interfaces and the addresses that pages and examples name. */
export function network(t: Test): Namespace {
  const namespace = new Namespace()
  t.teardown(() => namespace.delete())
  for (const name of ['eth0', 'eth1']) {
    namespace.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-peer`)
    for (const end of [name, `${name}-peer`]) namespace.ip('link', 'set', end, 'up')
  }
  for (const address of ADDRESSES) namespace.ip('address', 'add', address, 'dev', 'eth0')
  return namespace
}

/** The reason to skip a block: a program that is not here. */
function lacks({ text }: Block): string | undefined {
  const words = text.split(/[\n|;&]+/).map((command) => /^\s*([a-z][\w.-]*)(?=\s|$)/.exec(command)?.[1])
  const wanted = words.filter((word) => word !== undefined && !['hepcapd', 'npx', 'sudo'].includes(word))
  return wanted.map((word) => missing(word as string)).find((reason) => reason !== false) || undefined
}

/** Every block of commands of a page, in its order. */
export function runPage(t: Test, page: string): void {
  const blocks = blocksOf(page)
  const folder = folderOf(t, blocks)
  const namespace = network(t)
  for (const block of commandsOf(page)) {
    const skip = lacks(block)
    t.test(block.where, skip === undefined ? {} : { skip }, (t) => {
      const { status, signal, stdout, stderr } = runBlock(namespace, folder, block)
      if (status !== 0) t.comment(`${block.text}\n${stdout}\n${stderr}`)
      t.equal(signal ?? status, 0, 'exit status')
      t.end()
    })
  }
  t.end()
}

export function runBlock(
  namespace: Namespace,
  folder: string,
  { text, beside }: Pick<Block, 'text' | 'beside'>,
) {
  const [command = '', ...args] = namespace.exec
  const script = beside === undefined ? text : besideOf(beside, text)
  return spawnSync(command, [...args, 'bash', '-euo', 'pipefail', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    timeout: SECONDS * 1000,
    killSignal: 'SIGKILL',
    env: {
      ...environment(),
      HOME: folder,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      RUNTIME_DIRECTORY: join(folder, 'run'),
      KEY: 'secret',
      OLD_KEY: 'secret-before',
    },
  })
}

/** Without what would be an option, or tells Node.js that it runs a test. */
function environment(): NodeJS.ProcessEnv {
  const plain = Object.entries(process.env).filter(([name]) => !/^(HEPCAPD_|NODE_TEST)/.test(name))
  return Object.fromEntries(plain)
}

/** The daemon is stopped whatever the commands do, and has to end well too. */
function besideOf(daemon: string, commands: string): string {
  return [
    'rm -f beside; export BESIDE=beside',
    `${daemon} >${LEDGER} &`,
    'daemon=$!',
    'until [ -s beside ]; do kill -0 $daemon; sleep 0.05; done',
    'trap "kill $(cat beside) 2>/dev/null" EXIT',
    'unset BESIDE',
    commands,
    'trap - EXIT',
    'kill "$(cat beside)"',
    'wait $daemon',
    'rm beside',
  ].join('\n')
}

/** What `check` says of a file that a page prints or that lies in examples/. */
export function checkFile(folder: string, name: string) {
  const flag = name.endsWith('.toml') ? '--config' : name.endsWith('.js') ? '--routes' : '--script'
  const args = [join(ROOT, 'dist/bin/hepcapd.js'), 'check', flag, name]
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: environment() })
}
