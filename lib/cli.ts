// The commands: what the user typed becomes a call of one of lib/commands, which is loaded when it is called.

import yargs, { type Argv } from 'yargs'
import { type Fault, RefusedError, renderFault, UsageError } from './errors.js'
import { bpfOptions, FILTER_NOTES } from './options/bpf.js'
import { type Arguments, aloneBeforeWords, plainArguments, yargsOptions } from './options/command-line.js'
import { CTL_NOTES, ctlOptions } from './options/ctl.js'
import { DOCTOR_NOTES, doctorOptions } from './options/doctor.js'
import { flagOf, type OptionTable } from './options/option.js'
import { type Resolved, resolve, type Sources } from './options/resolve.js'
import { SCHEMA_NOTES, schemaOptions } from './options/schema.js'
import { sendOptions } from './options/send.js'
import { effective } from './options/settings.js'
import { showOptions } from './options/show.js'
import { nearest } from './options/suggest.js'
import { daemonOptions } from './options/table.js'
import { renamedColumns } from './options/table-columns.js'
import { TRACE_NOTES, traceOptions } from './options/trace.js'
import { onOff } from './options/types.js'
import { packageVersion } from './version.js'

/** What pages say of a command. */
export interface CommandDescription {
  readonly summary: string
  readonly options: OptionTable
  /** What stands behind the options. */
  readonly argument?: string
  /** The end of its help. */
  readonly notes?: string
}

interface Command extends CommandDescription {
  /** Resolves to the exit status. */
  run(sources: Sources): Promise<number>
}

const checkFlags = {
  json: { group: 'Checking:', type: onOff, default: '0', help: 'print it as JSON' },
} as const satisfies OptionTable

const runnable: Readonly<Record<string, Command>> = {
  run: { summary: 'capture, in the foreground', options: daemonOptions, run },
  send: { summary: 'send HEP packets: a capture file, or SIP dialogs', options: sendOptions, run: send },
  show: { summary: 'print stored messages of a SQLite database', options: showOptions, run: show },
  check: {
    summary: 'check the configuration and print where each value came from',
    options: { ...checkFlags, ...daemonOptions },
    run: check,
  },
  trace: {
    summary: 'take one packet through decode and routes, and print each step',
    options: { ...traceOptions, ...daemonOptions },
    argument: 'FILE',
    notes: TRACE_NOTES,
    run: trace,
  },
  schema: {
    summary: 'print the statements that make the tables',
    options: { ...schemaOptions, ...daemonOptions },
    notes: SCHEMA_NOTES,
    run: schema,
  },
  ctl: {
    summary: 'ask a running daemon: capture on and off, counters, reload',
    options: ctlOptions,
    argument: 'COMMAND [ARG...]',
    notes: CTL_NOTES,
    run: ctl,
  },
  bpf: {
    summary: 'print the packet filter that these options attach',
    options: { ...bpfOptions, ...daemonOptions },
    notes: FILTER_NOTES,
    run: bpf,
  },
  doctor: {
    summary: 'check what capture needs on this host, and say how to cure each finding',
    options: { ...doctorOptions, ...daemonOptions },
    notes: DOCTOR_NOTES,
    run: doctor,
  },
  completion: {
    summary: 'print a script that completes commands and options: source <(hepcapd completion bash)',
    options: {},
    argument: 'bash|zsh',
    run: completion,
  },
}

/** By name. */
export const commands: Readonly<Record<string, CommandDescription>> = runnable

/** Resolves to the exit status; an error that nobody can cure rejects. */
export async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    const called = await parse(args)
    if (!called) return 0 // yargs has printed the help or the version
    const { name, argv } = called
    checkCommand(name, argv)
    return await runnable[name]!.run({ command: name, argv, env })
  } catch (error) {
    if (error instanceof UsageError) return report(error.faults, 2)
    if (error instanceof RefusedError) return report([error.fault()], 1)
    throw error
  }
}

interface Called {
  name: string
  argv: Arguments
}

async function parse(args: readonly string[]): Promise<Called | undefined> {
  let called: Called | undefined
  const parser = commandParser((name, argv) => {
    called = { name, argv }
  })
  const tables = Object.values(commands).map(({ options }) => options)
  const plain = plainArguments(tables, args)
  const { argument, options } = commands[plain[0] ?? ''] ?? commands.run!
  await parser.parseAsync(argument ? aloneBeforeWords(options, plain) : plain)
  return called
}

/** yargs finds the command and splits flags from values; it judges neither. */
function commandParser(call: (name: string, argv: Arguments) => void): Argv {
  const parser = yargs()
    .scriptName('hepcapd')
    .usage('$0 [options]: captures SIP and HEP, and stores what it captured')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    })
    .detectLocale(false)
    .exitProcess(false)
    .help('help', 'print this help')
    .alias('help', 'h')
    .version('version', 'print the version', packageVersion())
    .wrap(Math.min(process.stdout.columns ?? 100, 120))
    .epilogue(
      'Options of the daemon may also stand in the environment (--table-name is HEPCAPD_TABLE_NAME) and in the ' +
        'file of --config (table_name); the command line wins, then the environment. Each column of the tables ' +
        'can have another name: --callid-column NAME, and its like.',
    )
    .fail((message, error) => {
      throw missingValue(message) ?? error ?? new Error(message)
    })
  for (const [name, { summary, options, argument, notes }] of Object.entries(commands)) {
    parser.command(
      name === 'run' ? [name, '$0'] : name,
      summary,
      (command) => {
        if (name !== 'run') command.usage(`$0 ${name} [options]${argument ? ` ${argument}` : ''}: ${summary}`)
        if (notes) command.epilogue(notes)
        return command.options(yargsOptions(options))
      },
      (argv) => call(name, argv as Arguments),
    )
  }
  return parser
}

/** The one fault that yargs finds itself: a flag at the end, or before another one, that wants a value. */
function missingValue(message: string | undefined): UsageError | undefined {
  const flag = /arguments following: (\S+)/.exec(message ?? '')?.[1]
  return flag ? usage(`--${flag}`, 'it needs a value', 'see hepcapd --help') : undefined
}

/** A first word that is no command of ours. */
function checkCommand(name: string, argv: Arguments): void {
  const word = argv._[0] === undefined ? name : String(argv._[0])
  if (Object.hasOwn(commands, word)) return
  const meant = nearest(word, Object.keys(commands))
  throw usage(word, 'no command has this name', meant ? `did you mean ${meant}?` : 'see hepcapd --help')
}

function usage(where: string, what: string, cure: string): UsageError {
  return new UsageError([{ where, severity: 'error', what, cure }])
}

async function run(sources: Sources): Promise<number> {
  const configuration = effective(sources)
  const { handOver } = await import('./privileges/hand-over.js')
  await handOver(configuration)
  report(configuration.warnings)
  const command = await import('./commands/run.js')
  return command.run(configuration)
}

async function send(sources: Sources): Promise<number> {
  const {
    agent_id: agentId,
    auth_key: authKey,
    hep,
    ...others
  } = sound(sendOptions, { ...sources, env: undefined })
  const command = await import('./commands/send.js')
  return command.send({ ...others, agentId, authKey, hep: Number(hep) as 1 | 2 | 3 })
}

async function show(sources: Sources): Promise<number> {
  const values = sound(showOptions, sources)
  const target = values.db_url.find(({ kind }) => kind === 'sqlite')
  if (target?.kind !== 'sqlite')
    throw usage('--db-url', 'there is no SQLite database to read', 'name one: sqlite:FILE')
  const command = await import('./commands/show.js')
  return command.show({
    path: target.path,
    last: values.last,
    callId: values.call_id,
    json: values.json,
    tableName: values.table_name,
    rtcpTableName: values.rtcp_table_name,
    renamed: renamedColumns(values),
  })
}

async function check(sources: Sources): Promise<number> {
  const { own, others } = apart(checkFlags, sources)
  const flags = sound(checkFlags, own)
  const configuration = effective(others)
  report(configuration.warnings)
  const { soundRoutes } = await import('./route/load.js')
  const { routeSources } = configuration.settings
  const { faults } = await soundRoutes(routeSources)
  report(faults)
  const { lint } = await import('./script/lint.js')
  if (routeSources.script) report(lint(routeSources.script, routeSources.hepRoute))
  const command = await import('./commands/check.js')
  return command.check(configuration, flags.json)
}

/** What is captured from does not matter: the packet comes from its file. */
async function trace(sources: Sources): Promise<number> {
  const { own, others } = apart(traceOptions, sources)
  const flags = sound(traceOptions, own)
  const [first, file, ...rest] = others.argv._
  if (file === undefined) throw usage('trace', 'it needs a file with a packet', 'see hepcapd trace --help')
  const argv = { ...others.argv, _: [first!, ...rest] }
  const configuration = effective({ ...others, argv, inputless: true })
  report(configuration.warnings)
  const command = await import('./commands/trace.js')
  return command.trace(configuration, { ...flags, file: String(file) })
}

async function ctl(sources: Sources): Promise<number> {
  const [first, command, ...args] = sources.argv._.map(String)
  const argv = { ...sources.argv, _: [first!] }
  const { control: path, json } = sound(ctlOptions, { ...sources, argv })
  if (command === undefined) throw usage('ctl', 'it needs a command', 'see hepcapd ctl commands')
  if (path === '') throw usage('--control', 'there is no daemon to ask', 'name its socket')
  const { ctl } = await import('./commands/ctl.js')
  return ctl({ path, json, command, args })
}

/** Neither what is captured from matters, nor whether there is anything. */
async function schema(sources: Sources): Promise<number> {
  const { own, others } = apart(schemaOptions, sources)
  const flags = sound(schemaOptions, own)
  const configuration = effective({ ...others, inputless: true })
  report(configuration.warnings)
  const command = await import('./commands/schema.js')
  return command.schema(configuration.settings, { ...flags, nowMs: Date.now() })
}

/** Without a raw mode it is the filter of a mirror port. */
async function bpf(sources: Sources): Promise<number> {
  const { own, others } = apart(bpfOptions, sources)
  const flags = sound(bpfOptions, own)
  const { raw_ipip_capture_on: ipip } = resolve(daemonOptions, others).values
  const argv: Arguments = ipip ? others.argv : { ...others.argv, 'raw-moni-capture-on': '1' }
  const configuration = effective({ ...others, argv })
  report(configuration.warnings)
  const command = await import('./commands/bpf.js')
  return command.bpf(configuration.settings.raw!, flags)
}

async function doctor(sources: Sources): Promise<number> {
  const { own, others } = apart(doctorOptions, sources)
  const flags = sound(doctorOptions, own)
  const configuration = effective(others)
  report(configuration.warnings)
  const command = await import('./commands/doctor.js')
  return command.doctor(configuration.settings, { json: flags.json, selfTest: !flags.no_self_test })
}

async function completion(sources: Sources): Promise<number> {
  const [first, shell, ...rest] = sources.argv._.map(String)
  sound({}, { ...sources, argv: { ...sources.argv, _: [first!, ...rest] } })
  const { SHELLS, completion } = await import('./commands/completion.js')
  const known = SHELLS.find((one) => one === shell)
  if (known === undefined)
    throw usage(shell ?? 'completion', 'it needs a shell', `name one: ${SHELLS.join(' or ')}`)
  return completion(known, commands)
}

/** A command's own flags, which only the command line has, and those of the daemon. */
function apart(table: OptionTable, sources: Sources): { own: Sources; others: Sources } {
  const names = new Set(Object.keys(table).map(flagOf))
  const own: Arguments = { _: [] }
  const others: Arguments = { _: sources.argv._ }
  for (const [flag, value] of Object.entries(sources.argv)) {
    if (flag !== '_') (names.has(flag) ? own : others)[flag] = value
  }
  return { own: { command: '', argv: own, env: undefined }, others: { ...sources, argv: others } }
}

/** Values without an error among their faults; warnings are printed. */
function sound<T extends OptionTable>(table: T, sources: Sources): Resolved<T>['values'] {
  const { values, faults } = resolve(table, sources)
  if (faults.some(({ severity }) => severity === 'error')) throw new UsageError(faults)
  report(faults)
  return values
}

function report(faults: readonly Fault[], status = 0): number {
  for (const fault of faults) process.stderr.write(`${renderFault(fault)}\n`)
  return status
}
