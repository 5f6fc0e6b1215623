// `hepcapd completion` in real shells: what they offer after words that are typed.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commands } from '../../lib/cli.js'
import { CTL_WORDS } from '../../lib/options/ctl.js'
import { flagOf, type OptionTable } from '../../lib/options/option.js'
import { showOptions } from '../../lib/options/show.js'
import { daemonOptions } from '../../lib/options/table.js'
import { hepcapd, RunningDaemon } from '../support/cli.js'
import { missing } from '../support/tools.js'

t.setTimeout(240_000)

async function script(t: Test, shell: string): Promise<string> {
  const { status, out, err } = await hepcapd(['completion', shell])
  t.same([status, err], [0, ''])
  return out
}

interface Offered {
  /** As in COMP_WORDS: bash takes `--flag=value` apart. */
  words: string[]
  offers: string[]
}

/** Of what takes effect and stands in the help. */
function longFlags(table: OptionTable): string[] {
  return Object.entries(table)
    .filter(([, { hidden, instead }]) => !hidden && instead === undefined)
    .flatMap(([name, { alias }]) => [`--${flagOf(name)}`, ...(alias ? [`--${alias}`] : [])])
}

const CASES: Offered[] = [
  { words: ['hepcapd', ''], offers: Object.keys(commands) },
  { words: ['hepcapd', 'sch'], offers: ['schema'] },
  { words: ['hepcapd', '--log-le'], offers: ['--log-level'] },
  { words: ['hepcapd', '--log-level', 'w'], offers: ['warn'] },
  { words: ['hepcapd', '--log-level', '=', 'w'], offers: ['warn'] },
  {
    words: ['hepcapd', '--log-level', '='],
    offers: ['fatal', 'error', 'warn', 'info', 'debug', 'trace'],
  },
  { words: ['hepcapd', 'send', '--re'], offers: ['--read'] },
  {
    words: ['hepcapd', 'show', '--'],
    offers: [...longFlags(showOptions), '--help'],
  },
  { words: ['hepcapd', 'check', '--'], offers: [...longFlags(daemonOptions), '--json', '--help'] },
  { words: ['hepcapd', '--table-name', ''], offers: [] },
  { words: ['hepcapd', '--hep-route', ''], offers: ['none', 'sip'] },
  { words: ['hepcapd', 'bpf', '--link-type', 'R'], offers: ['RAW'] },
  { words: ['hepcapd', '-i', 'l'], offers: ['lo'] },
  { words: ['hepcapd', '--config', 'ca'], offers: ['calls.toml'] },
  { words: ['hepcapd', '--spool', ''], offers: ['folder'] },
  { words: ['hepcapd', 'trace', 'p'], offers: ['packet one.hep'] },
  { words: ['hepcapd', 'ctl', ''], offers: [...CTL_WORDS] },
  { words: ['hepcapd', 'ctl', 'sip_capture', ''], offers: ['on', 'off'] },
  { words: ['hepcapd', 'completion', 'z'], offers: ['zsh'] },
]

const FILES = { 'calls.toml': '', 'packet one.hep': '', folder: {} }

t.test('bash', { skip: missing('bash') }, async (t) => {
  const source = await script(t, 'bash')
  const cwd = t.testdir(FILES)
  for (const { words, offers } of CASES) {
    const text = `${source}
compopt() { :; } # is for a shell that completes
COMPREPLY=() COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_hepcapd
[ \${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`
    const { status, stdout, stderr } = spawnSync('bash', ['-euc', text, 'bash', ...words], {
      cwd,
      encoding: 'utf8',
    })
    t.same([status, stderr], [0, ''], words.join(' '))
    const shown = stdout.split('\n').filter((line) => line !== '')
    t.same(shown.sort(), [...offers].sort(), words.join(' '))
  }
})

/** Types a line and Tab in an interactive zsh, and prints what stands in the line then. */
const TYPED = `
zmodload zsh/zpty
export TERM=dumb PS1='> '
zpty -b shell zsh -f -i
zpty -w shell 'autoload -U compinit && compinit -u -D && source ./script && cd files && unset zle_bracketed_paste'
zpty -w shell 'show() { print -r -- "LINE<$BUFFER>"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show; print rea""dy'
zpty -r -m shell said '*ready*'
zpty -w -n shell "$1"$'\\t\\x18'
zpty -r -m shell said '*LINE<*>*'
print -r -- "$said"
zpty -d shell
`

t.test('zsh', { skip: missing('zsh') }, async (t) => {
  const folder = t.testdir({ files: FILES })
  writeFileSync(join(folder, 'script'), await script(t, 'zsh'))
  const typed: [line: string, completed: string][] = [
    ['hepcapd sch', 'hepcapd schema '],
    ['hepcapd --log-le', 'hepcapd --log-level '],
    ['hepcapd --log-level w', 'hepcapd --log-level warn '],
    ['hepcapd send --re', 'hepcapd send --read '],
    ['hepcapd check --config ca', 'hepcapd check --config calls.toml '],
    ['hepcapd trace p', 'hepcapd trace packet\\ one.hep '],
    ['hepcapd ctl log', 'hepcapd ctl log_level '],
    ['hepcapd bpf --link-type RA', 'hepcapd bpf --link-type RAW '],
  ]
  for (const [line, completed] of typed) {
    const { stdout, stderr } = spawnSync('zsh', ['-fc', TYPED, 'zsh', line], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
    })
    t.equal(/LINE<(.*)>/.exec(stdout)?.[1], completed, `${line}\n${stdout}${stderr}`)
  }
})

t.test('ctl commands are those of a daemon', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepcapd-')) // whose path is short enough for a socket
  t.teardown(() => rmSync(folder, { recursive: true }))
  const control = join(folder, 'ctl.sock')
  const daemon = await RunningDaemon.start([
    ...['--listen', 'hep_udp:127.0.0.1:0', '--db-url', 'none:', '--spool', 'off'],
    ...['--control', control, '--http', 'off', '--log-format', 'text'],
  ])
  const { out } = await hepcapd(['ctl', '--control', control, '--json', 'commands'])
  await daemon.stop()
  t.same((JSON.parse(out) as { name: string }[]).map(({ name }) => name).sort(), CTL_WORDS)
})

t.test('a shell that is none', async (t) => {
  const { status, err } = await hepcapd(['completion', 'fish'])
  t.equal(status, 2)
  t.match(err, /name one: bash or zsh/)
})
