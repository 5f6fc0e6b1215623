// The command line as users type it: spellings of flags, help, versions, and commands that there are not.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hepcapd } from '../support/cli.js'

t.setTimeout(240_000)

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** The values that check prints for these arguments. */
async function checked(...args: string[]): Promise<Record<string, { value: unknown; origin: string }>> {
  const { status, out, err } = await hepcapd(['check', '--json', ...args])
  if (status !== 0) throw new Error(err)
  return JSON.parse(out)
}

t.test('every spelling of a flag', async (t) => {
  const values = await checked(
    ...['--table-name=a', '--rtcp_table_name', 'b', '--promisc', '0', '--promiscious-on=0', '--ipip=off'],
    ...[
      '--authorization_column=auth',
      '-r',
      'off',
      '--capture-node',
      '1e3',
      '--tunnels',
      '--listen',
      'hep_udp:*:0',
    ],
  )
  t.equal(values.table_name?.value, 'a')
  t.equal(values.rtcp_table_name?.value, 'b')
  t.equal(values.promiscuous_on?.origin, '--promiscuous-on')
  t.equal(values.raw_ipip_capture_on?.origin, '--raw-ipip-capture-on')
  t.equal(values.auth_column?.origin, '--auth-column')
  t.equal(values.read?.origin, '--read')
  t.equal(values.capture_node?.value, '1e3', 'no text is taken for a number')
  t.equal(values.tunnels?.value, 1, 'a switch needs no value')
  t.same(values.listen?.value, ['hep_udp:*:0'])
})

t.test('a repeatable flag adds up, another one takes the last', async (t) => {
  const values = await checked(
    ...['--listen', 'hep_udp:*:1', '--listen', 'hep_udp:*:2', '--table-name', 'a', '--table-name', 'b'],
  )
  t.same(values.listen?.value, ['hep_udp:*:1', 'hep_udp:*:2'])
  t.equal(values.table_name?.value, 'b')
})

t.test('short flags, - for stdin, and a value in the same word', async (t) => {
  t.same((await checked('-r', '-', '-rx.pcap')).read?.value, ['-', 'x.pcap'])
  t.same((await checked('-i', 'eth0', '-ieth1', '-i', 'off')).raw_interface?.value, ['eth0', 'eth1'])
  const { status, err } = await hepcapd(['check', '-f', 'x.cfg'])
  t.equal(status, 1)
  t.match(err, /^hepcapd: error: x\.cfg: cannot be read \(ENOENT\); [^\n]+\n$/)
})

t.test('a flag without its value', async (t) => {
  for (const args of [['--table-name'], ['--table-name', '--capture-on', '1']]) {
    const { status, err } = await hepcapd(['check', ...args])
    t.equal(status, 2)
    t.equal(err, '--table-name: error: it needs a value; see hepcapd --help\n')
  }
})

t.test('--no-capture-on is no flag', async (t) => {
  const { status, err } = await hepcapd(['check', '--no-capture-on'])
  t.equal(status, 2)
  t.match(err, /^--no-capture-on: error: no option has this name/)
})

t.test('the daemon refuses what check refuses, with or without its name', async (t) => {
  for (const command of [[], ['run']]) {
    const { status, out, err } = await hepcapd([...command, '--listen', 'hep_sctp:*:0', '--snaplen', 'all'])
    t.equal(status, 2)
    t.equal(out, '')
    t.match(err, /^--listen: error: .*hep_wss.*\n--snaplen: error: .*\n$/)
  }
})

t.test('a word that belongs to nothing', async (t) => {
  const { status, err } = await hepcapd(['run', 'word'])
  t.equal(status, 2)
  t.match(err, /^word: error: this word belongs to no option; /)
})

t.test('a mistyped command', async (t) => {
  const { status, err } = await hepcapd(['chekc'])
  t.equal(status, 2)
  t.equal(err, 'chekc: error: no command has this name; did you mean check?\n')
})

t.test('--version and --help of each command', async (t) => {
  for (const command of [[], ['run'], ['send'], ['show'], ['check'], ['schema'], ['doctor']]) {
    const versioned = await hepcapd([...command, '--version'])
    t.same([versioned.status, versioned.out, versioned.err], [0, `${version}\n`, ''], command.join())
    const helped = await hepcapd([...command, '--help'])
    t.same([helped.status, helped.err], [0, ''])
    t.match(helped.out, new RegExp(`^hepcapd ${command[0] === 'run' ? '' : (command[0] ?? '')}`))
    t.same(
      helped.out.split('\n').filter((line) => line.length > 100),
      [],
    )
  }
})

t.test('send and show refuse what is not theirs', async (t) => {
  const sent = await hepcapd(['send', '--to', 'udp:x', '--hep', '4', '--count', '-1', '--table-name', 'x'])
  t.equal(sent.status, 2)
  t.match(sent.err, /--table-name: error: no option has this name/)
  t.match(sent.err, /--to: error: /)
  t.match(sent.err, /--hep: error: "4" is none of 1, 2, 3/)
  const shown = await hepcapd(['show', '--db-url', 'none:', '--last', '5'])
  t.equal(shown.status, 2)
  t.match(shown.err, /no SQLite database to read; name one: sqlite:FILE/)
})

t.test('which inputs are opened', async (t) => {
  const inputs = async (...args: string[]) => {
    const { listen, raw_socket_listen: ports, table_window: window } = await checked(...args)
    return [listen?.value, ports?.value, window?.value]
  }
  const hep = ['hep_udp:*:9060', 'hep_tcp:*:9060']
  t.same(await inputs(), [hep, 'off', '2d,1h'])
  t.same(await inputs('--moni'), [[], '0.0.0.0:5060-5061', '2d,1h'], 'a raw mode takes the place of HEP')
  t.same(await inputs('--ipip', '--listen', 'hep_udp:*'), [['hep_udp:*:9060'], 'off', '2d,1h'])
  t.same(await inputs('--moni', '--raw-socket-listen', '0.0.0.0:5060'), [[], '0.0.0.0:5060', '2d,1h'])
  t.same(await inputs('-r', 'x.pcap'), [[], 'off', 'off'], 'a file is as old as it is')
  t.same(await inputs('-r', 'x.pcap', '--table-window', '1d,1d'), [[], 'off', '1d,1d'])
})

t.test('inputs that cannot be', async (t) => {
  const faults: [string[], RegExp][] = [
    [
      ['--moni', '--ipip'],
      /^--raw-moni-capture-on: error: .*not possible together; switch one of them off\n$/,
    ],
    [['--moni', '--raw-socket-listen', '10.0.0.0'], /mirror mode wants ports; write 0\.0\.0\.0:1-65535/],
    [['--ipip', '--raw-socket-listen', '[::1]:5060'], /IPIP is IPv4/],
    [['-r', 'a', '-r', 'b', '-r', 'a'], /^--read: error: a is named twice; name it once\n$/],
    [['--moni', '-i', 'eth0', '-i', 'eth0'], /^--raw-interface: error: eth0 is named twice/],
    [['--hep-capture-on', '0'], /nothing to capture from/],
    [['--raw-socket-listen', '0.0.0.0:5061-5060'], /runs backwards; write 5060-5061\n$/],
  ]
  for (const [args, what] of faults) {
    const { status, out, err } = await hepcapd(['check', ...args])
    t.equal(status, 2)
    t.equal(out, '')
    t.match(err, what, args.join(' '))
  }
})

t.test('threads that IPIP cannot use are a warning', async (t) => {
  const { status, err } = await hepcapd(['check', '--ipip', '--raw-sock-children', '2'])
  t.equal(status, 0)
  t.match(err, /^--raw-sock-children: warning: .*IPIP has one thread.*; leave it out\n$/)
})

t.test('a filter of the user is read with the configuration', async (t) => {
  const file = join(t.testdir({ bpf: '2\n6 0 0 96\n' }), 'bpf')
  for (const command of [['check'], []]) {
    const { status, out, err } = await hepcapd([...command, '--moni', '--bpf-file', file])
    t.equal(status, 2)
    t.equal(out, '')
    t.match(err, new RegExp(`^${file}:\\d+: error: .*; make it with .tcpdump -ddd EXPRESSION.\\n$`))
  }
  t.equal((await hepcapd(['check', '--moni', '--bpf-file', `${file}-none`])).status, 1)
})

t.test('a file with live inputs beside it is a warning', async (t) => {
  const { status, err } = await hepcapd(['check', '-r', 'x.pcap', '--listen', 'hep_udp:*', '--moni'])
  t.equal(status, 0)
  t.match(err, /^--listen: warning: .* is not opened; .*\n--raw-moni-capture-on: warning: .*\n$/)
})
