// `hepcapd completion bash|zsh`: a script for the shell, made of the commands and the tables of their options. What a
// value may be is told by the placeholder of its type.

import type { CommandDescription } from '../cli.js'
import { CTL_WORDS } from '../options/ctl.js'
import { flagOf, type Option, type OptionTable } from '../options/option.js'
import { daemonOptions } from '../options/table.js'
import { type Output, processOutput } from './output.js'

export const SHELLS = ['bash', 'zsh'] as const
export type Shell = (typeof SHELLS)[number]

type Commands = Readonly<Record<string, CommandDescription>>

/** Resolves to the exit status. */
export async function completion(
  shell: Shell,
  commands: Commands,
  output: Output = processOutput(),
): Promise<number> {
  output.out(completionScript(shell, commands).trimEnd())
  return 0
}

export function completionScript(shell: Shell, commands: Commands): string {
  return shell === 'bash' ? bash(commands) : zsh(commands)
}

/** What a shell can offer for a value. */
type Offer = { kind: 'words'; words: string[] } | { kind: 'files' | 'folders' | 'interfaces' | 'nothing' }

const OFFERS: Readonly<Record<string, Offer>> = {
  FILE: { kind: 'files' },
  PATH: { kind: 'files' },
  DIR: { kind: 'folders' },
  IF: { kind: 'interfaces' },
}
const WORDS = /^[\w.-]+(\|[\w.-]+)+$/
/** In a list of words: what the user names. */
const GIVEN = 'NAME'

function offerOf({ type: { placeholder } }: Option): Offer {
  if (!WORDS.test(placeholder)) return OFFERS[placeholder] ?? { kind: 'nothing' }
  return { kind: 'words', words: placeholder.split('|').filter((word) => word !== GIVEN) }
}

type Named = readonly [flags: string[], option: Option]

/** What is to be offered: not what has no effect. */
function offered(table: OptionTable): Named[] {
  return Object.entries(table)
    .filter(([, { hidden, instead }]) => !hidden && instead === undefined)
    .map(([name, option]) => [flagsOf(name, option), option])
}

function flagsOf(name: string, { short, alias }: Option): string[] {
  return [
    ...(short ? [`-${short}`] : []),
    `--${flagOf(name)}`,
    ...(alias ? [alias.length > 1 ? `--${alias}` : `-${alias}`] : []),
  ]
}

const isDaemons = (name: string) => Object.hasOwn(daemonOptions, name)
const takesAll = ({ options }: CommandDescription) => Object.hasOwn(options, 'listen')

/** Without those of the daemon where a command takes all of them. */
function ownOf(command: CommandDescription): OptionTable {
  if (!takesAll(command)) return command.options
  return Object.fromEntries(Object.entries(command.options).filter(([name]) => !isDaemons(name)))
}

const HELP = '--help'

function bash(commands: Commands): string {
  const tables = [daemonOptions, ...Object.values(commands).map(({ options }) => options)]
  const long = (table: OptionTable) =>
    offered(table).flatMap(([flags]) => flags.filter((flag) => flag.startsWith('--')))
  return `# hepcapd(1): completion for bash
_hepcapd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=run words=
  local daemon='${long(daemonOptions).join(' ')}'
  # bash takes --flag=value apart at the sign
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = && $COMP_CWORD -gt 2 ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case " ${Object.keys(commands).join(' ')} " in *" \${COMP_WORDS[1]} "*) [ "$COMP_CWORD" = 1 ] || command=\${COMP_WORDS[1]} ;; esac
  case $before in
${bashValues(tables)}
  esac
  if [[ $word == -* ]]; then
    case $command in
${Object.entries(commands)
  .map(([name, command]) => {
    const all = takesAll(command) ? ['$daemon'] : []
    return `    ${name}) words="${[...all, ...long(ownOf(command)), HELP].join(' ')}" ;;`
  })
  .join('\n')}
    esac
  elif [ "$COMP_CWORD" = 1 ]; then
    words='${Object.keys(commands).join(' ')}'
  else
    case $command/$before in
    completion/completion) words='${SHELLS.join(' ')}' ;;
    ctl/ctl) words='${CTL_WORDS.join(' ')}' ;;
    ctl/sip_capture) words='on off' ;;
    ctl/log_level) words='${logLevels().join(' ')}' ;;
    ctl/explain | trace/*)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _hepcapd hepcapd
`
}

function logLevels(): string[] {
  const offer = offerOf(daemonOptions.log_level)
  return offer.kind === 'words' ? offer.words : []
}

/** By what is offered; each flag once, as it means the same in every command. A switch may stand without its value. */
function bashValues(tables: readonly OptionTable[]): string {
  const seen = new Set<string>()
  const byOffer = new Map<string, string[]>()
  for (const [flags, option] of tables.flatMap(offered)) {
    const fresh = flags.filter((flag) => !seen.has(flag))
    for (const flag of fresh) seen.add(flag)
    if (option.type.bare !== undefined) continue
    const offer = bashOffer(offerOf(option))
    byOffer.set(offer, [...(byOffer.get(offer) ?? []), ...fresh])
  }
  return [...byOffer].map(([offer, flags]) => `  ${flags.join(' | ')}) ${offer} ;;`).join('\n')
}

function bashOffer(offer: Offer): string {
  const reply = (source: string) => `mapfile -t COMPREPLY < <(${source} -- "$word"); return`
  switch (offer.kind) {
    case 'words':
      return reply(`compgen -W '${offer.words.join(' ')}'`)
    case 'files':
      return `compopt -o filenames; ${reply('compgen -f')}`
    case 'folders':
      return `compopt -o filenames; ${reply('compgen -d')}`
    case 'interfaces':
      return reply('compgen -W "$(ls /sys/class/net)"')
    case 'nothing':
      return 'return'
  }
}

function zsh(commands: Commands): string {
  return `#compdef hepcapd
# hepcapd(1): completion for zsh
_hepcapd() {
  local -a commands=(
${Object.entries(commands)
  .map(([name, { summary }]) => `    ${quoted(`${name}:${summary}`)}`)
  .join('\n')}
  )
  local -a daemon=(
${zshSpecs(daemonOptions)}
  )
  local command=run
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  if [[ -n \${(M)commands:#$words[2]:*} ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${Object.entries(commands)
  .map(([name, command]) => zshCase(name, command))
  .join('\n')}
  esac
}
if [ "$funcstack[1]" = _hepcapd ]; then _hepcapd "$@"; else compdef _hepcapd hepcapd; fi
`
}

/** By command: what stands behind the options. */
const ZSH_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  completion: [`1:shell:(${SHELLS.join(' ')})`],
  ctl: [`1:command:(${CTL_WORDS.join(' ')})`, '*:argument:_files'],
  trace: ['1:packet or capture:_files'],
}

function zshCase(name: string, command: CommandDescription): string {
  const all = takesAll(command) ? ' $daemon' : ''
  const words = (ZSH_ARGUMENTS[name] ?? []).map((word) => ` ${quoted(word)}`).join('')
  const own = zshSpecs(ownOf(command))
  return `  ${name})
    _arguments${all} '${HELP}[print help]'${words}${own === '' ? '' : ` \\\n${own.replaceAll('\n', ' \\\n')}`}
    ;;`
}

/** One a line, as _arguments takes them. */
function zshSpecs(table: OptionTable): string {
  return offered(table)
    .flatMap(([flags, option]) => flags.map((flag) => `    ${quoted(zshSpec(flag, option))}`))
    .join('\n')
}

function zshSpec(flag: string, option: Option): string {
  const often = option.repeatable ? '*' : ''
  const described = `${often}${flag}[${escaped(option.help)}]`
  if (option.type.bare !== undefined) return described
  return `${described}:${escaped(option.type.placeholder)}:${zshOffer(offerOf(option))}`
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&')
}

function zshOffer(offer: Offer): string {
  switch (offer.kind) {
    case 'words':
      return `(${offer.words.join(' ')})`
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'interfaces':
      return '_net_interfaces'
    case 'nothing':
      return ' '
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
