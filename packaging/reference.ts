// What the one table of options says, as pages: docs/options.md and the manual page. `npm run reference` writes them, and
// a test compares.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CommandDescription, commands } from '../lib/cli.js'
import { environmentOf, flagOf, type Option, type OptionTable } from '../lib/options/option.js'
import { daemonOptions } from '../lib/options/table.js'
import { ROOT } from './run.js'

export const OPTIONS_PAGE = 'docs/options.md'
export const MANUAL_PAGE = 'packaging/hepcapd.1'

type Named = readonly [name: string, option: Option]

/** In the order of the table. */
function byGroup(table: OptionTable): Map<string, Named[]> {
  const groups = new Map<string, Named[]>()
  for (const [name, option] of Object.entries(table)) {
    const group = option.instead === undefined ? option.group.replace(/:$/, '') : 'Without effect'
    groups.set(group, [...(groups.get(group) ?? []), [name, option]])
  }
  return groups
}

function usualOf({ default: plain, defaultShown }: Option): string {
  return defaultShown ?? (typeof plain === 'string' ? plain : plain.join(', '))
}

function flagsOf(name: string, { alias, short, type }: Option): string[] {
  const names = [flagOf(name), alias].filter((one) => one !== undefined).map((one) => `--${one}`)
  return [...names, ...(short ? [`-${short}`] : [])].map((one) => `${one} ${type.placeholder}`)
}

function helpOf({ help, instead, type, repeatable }: Option): string {
  if (instead !== undefined) return `${instead}.`
  const limit = type.limit ? ` (${type.limit})` : ''
  const often = repeatable && !help.includes('repeatable') ? '; repeatable' : ''
  return `${help}${often}${limit}.`
}

/** Of the commands beside the daemon: those that it does not have. */
function ownOptions({ options }: CommandDescription): OptionTable {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(daemonOptions, name)))
}

export function optionsPage(): string {
  return [
    '# Options',
    '',
    'Made from the table of options by `npm run reference`. Every option is a flag, a key of the TOML file (`--config`) and',
    'of `modparam()` where OpenSIPS has it, and an environment variable: `--table-name`, `table_name`, `HEPCAPD_TABLE_NAME`.',
    'A flag ranks before the environment, that before the file, that before a script. Several values of a repeatable option',
    'are several flags, a list in the file, and in the environment stand with commas between them. A switch is `1` or `0`,',
    '`on` or `off`; sizes have `KiB`, `MiB` and `GiB`, times `ms`, `s`, `m`, `h` and `d`. `hepcapd check` says what a',
    'configuration means, and where each value comes from.',
    '',
    ...optionSections(daemonOptions, '##'),
    '## Options of the other commands',
    '',
    ...Object.entries(commands).flatMap(([name, command]) => commandSection(name, command)),
  ].join('\n')
}

function commandSection(name: string, command: CommandDescription): string[] {
  const own = ownOptions(command)
  if (name === 'run' || Object.keys(own).length === 0) return []
  const argument = command.argument ? ` ${command.argument}` : ''
  const takesAll = Object.hasOwn(command.options, 'listen')
    ? ['It takes all options of the daemon too.', '']
    : []
  return [
    ...[
      `### hepcapd ${name}${argument}`,
      '',
      `${sentence(command.summary)} ${command.notes ?? ''}`.trim(),
      '',
    ],
    ...takesAll,
    ...tableOf(Object.entries(own)),
  ]
}

function optionSections(table: OptionTable, level: string): string[] {
  return [...byGroup(table)].flatMap(([group, options]) => [`${level} ${group}`, '', ...tableOf(options)])
}

function tableOf(options: readonly Named[]): string[] {
  const rows = options.map(([name, option]) => {
    const flags = flagsOf(name, option).map((flag) => `\`${flag}\``)
    const usual = usualOf(option)
    return `| ${cell(flags.join(', '))} | ${cell(usual === '' ? '' : `\`${usual}\``)} | ${cell(sentence(helpOf(option))).replaceAll('*', '\\*')} |`
  })
  return ['| Flag | Default | What it does |', '|---|---|---|', ...rows, '']
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function sentence(text: string): string {
  const whole = text.endsWith('.') ? text : `${text}.`
  return whole.charAt(0).toUpperCase() + whole.slice(1)
}

export function manualPage(): string {
  return [
    '.\\" Made by npm run reference.',
    '.TH HEPCAPD 1',
    '.SH NAME',
    'hepcapd \\- SIP and HEP capture server',
    '.SH SYNOPSIS',
    '.B hepcapd',
    '[\\fIOPTION\\fR...]',
    ...Object.entries(commands)
      .filter(([name]) => name !== 'run')
      .flatMap(([name, { argument }]) => [
        '.br',
        `.B hepcapd ${name}`,
        `[\\fIOPTION\\fR...]${argument ? ` \\fI${roff(argument)}\\fR` : ''}`,
      ]),
    '.SH DESCRIPTION',
    'Receives HEP from SIP servers and capture agents, captures SIP from interfaces, or reads capture files; stores every',
    'message in databases, sends it on, or both; and keeps a ledger that accounts for each message: stored, discarded or',
    'dropped, where and why. It ends at SIGTERM, when everything is stored, and prints the ledger.',
    '.PP',
    'Every option is a flag, a key of the TOML file with _ for \\-, and an environment variable: \\fB\\-\\-table\\-name\\fR,',
    '\\fBtable_name\\fR, \\fBHEPCAPD_TABLE_NAME\\fR.',
    '.SH COMMANDS',
    ...Object.entries(commands).flatMap(([name, { summary, notes }]) => [
      '.TP',
      `.B ${name}`,
      roff(`${sentence(summary)} ${notes ?? ''}`.trim()),
    ]),
    '.SH OPTIONS',
    ...manualSections(daemonOptions),
    ...Object.entries(commands).flatMap(([name, command]) => {
      const own = Object.entries(ownOptions(command))
      if (name === 'run' || own.length === 0) return []
      return [`.SS Of hepcapd ${name} alone`, ...own.flatMap(manualEntry)]
    }),
    '.SH SIGNALS',
    '.TP',
    '.B SIGTERM, SIGINT',
    'Stop: what was received is stored, within \\fB\\-\\-stop\\-timeout\\fR. A second one ends the process at once.',
    '.TP',
    '.B SIGHUP',
    'Load the configuration again. What cannot be used changes nothing.',
    '.SH EXIT STATUS',
    '0 when all went well, 1 when the system or a database refused something, 2 when the configuration cannot be used,',
    '128 and the number of the signal when a second one ended it.',
    '.SH SEE ALSO',
    '.BR sngrep (8),',
    '.BR tcpdump (8)',
    '',
  ].join('\n')
}

function manualSections(table: OptionTable): string[] {
  return [...byGroup(table)].flatMap(([group, options]) => [
    `.SS ${roff(group)}`,
    ...options.flatMap(manualEntry),
  ])
}

function manualEntry([name, option]: Named): string[] {
  const usual = usualOf(option)
  const flags = flagsOf(name, option).map((flag) => {
    const [word = '', ...rest] = flag.split(' ')
    return `\\fB${roff(word)}\\fR \\fI${roff(rest.join(' '))}\\fR`
  })
  const shown = usual === '' || usual === 'off' ? '' : ` Default: ${roff(usual)}.`
  return ['.TP', flags.join(', '), `${roff(sentence(helpOf(option)))}${shown} (${roff(environmentOf(name))})`]
}

/** No hyphens for minus signs, and no line that looks like a request (groff(7)). */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(ROOT, OPTIONS_PAGE), optionsPage())
  writeFileSync(join(ROOT, MANUAL_PAGE), manualPage())
}
