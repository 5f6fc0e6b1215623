// `hepcapd bpf` as users call it: the filter that the other options attach, in each format.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { binding, type FilterOptions } from '../../lib/binding.js'
import { hepcapd } from '../support/cli.js'

t.setTimeout(240_000)

const folder = mkdtempSync(join(tmpdir(), 'hepcapd-bpf-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const usual: FilterOptions = {
  linkType: 1,
  firstPort: 5060,
  lastPort: 5061,
  tunnels: true,
  snapLength: 65535,
}

/** What the command prints on stdout; nothing may be on stderr. */
async function printed(...args: string[]): Promise<string> {
  const { status, out, err } = await hepcapd(['bpf', ...args])
  if (status !== 0 || err !== '') throw new Error(`${status}: ${err}`)
  return out
}

t.test('a listing, C or numbers of the mirror port, which is implied', async (t) => {
  for (const args of [[], ['-d'], ['--moni', '-d'], ['--raw-moni-capture-on=1']]) {
    t.equal(await printed(...args), binding.compileFilter({ ...usual, format: 'listing' }), args.join(' '))
  }
  t.equal(await printed('-dd'), binding.compileFilter({ ...usual, format: 'initializers' }))
  t.equal(await printed('-ddd'), binding.compileFilter({ ...usual, format: 'numbers' }))
})

t.test('ports, tunnels, snap length and link type count', async (t) => {
  const args = ['--raw-socket-listen', '10.0.0.1:5070-5080', '--tunnels', '0', '--snaplen', '96', '-y', 'RAW']
  const options = {
    ...usual,
    ...{ linkType: 101, firstPort: 5070, lastPort: 5080, tunnels: false, snapLength: 96 },
  }
  t.equal(await printed('-ddd', ...args), binding.compileFilter({ ...options, format: 'numbers' }))
})

t.test('the environment and the configuration file count', async (t) => {
  const config = file('hepcapd.toml', 'raw_ipip_capture_on = 1\nraw_socket_listen = "0.0.0.0:5090"\n')
  const { out } = await hepcapd(['bpf', '--config', config], { HEPCAPD_TUNNELS: '0' })
  const ports = { firstPort: 5090, lastPort: 5090, tunnels: false, ipip: true }
  t.equal(out, binding.compileFilter({ ...usual, ...ports, format: 'listing' }))
})

t.test('IPIP has every port unless it is told some', async (t) => {
  const all = { ...usual, ipip: true, allPorts: true, format: 'numbers' } as const
  t.equal(await printed('--ipip', '-ddd'), binding.compileFilter(all))
})

t.test('the loopback interface has Ethernet frames', async (t) => {
  t.equal(await printed('-i', 'lo', '-ddd'), binding.compileFilter({ ...usual, format: 'numbers' }))
})

t.test('without the filter everything passes', async (t) => {
  t.equal(await printed('--bpf', '0'), '(000) ret      #65535\n')
  t.equal(await printed('--bpf', '0', '--ipip'), '(000) ret      #262144\n')
})

t.test('a file of numbers takes its place, cut to the snap length', async (t) => {
  const path = file('ip.txt', '4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n')
  const listing = [
    '(000) ldh      [12]',
    '(001) jeq      #0x800           jt 2\tjf 3',
    '(002) ret      #65535',
    '(003) ret      #0',
    '',
  ]
  t.equal(await printed('--bpf-file', path), listing.join('\n'))
})

t.test('a file that is no program is named with its line', async (t) => {
  const path = file('bad.txt', '2\n40 0 0 12\n6 0 0\n')
  const { status, out, err } = await hepcapd(['bpf', '--bpf-file', path])
  t.equal(status, 2)
  t.equal(out, '')
  t.equal(err, `${path}:3: error: k is no number; make it with \`tcpdump -ddd EXPRESSION\`\n`)
})

t.test('what is not there is exit 1', async (t) => {
  for (const args of [
    ['--bpf-file', join(folder, 'none')],
    ['-i', 'hepcapd-none'],
  ]) {
    const { status, out, err } = await hepcapd(['bpf', ...args])
    t.equal(status, 1, args.join(' '))
    t.equal(out, '')
    t.match(err, /^hepcapd: error: [^\n]*(ENOENT|ENODEV)[^\n]*; [^\n]+\n$/)
  }
})

t.test('what cannot be meant is exit 2', async (t) => {
  for (const args of [
    ['--moni', '--ipip'],
    ['--raw-socket-listen', '0.0.0.0:5061-5060'],
    ['-y', 'TOKEN_RING'],
    ['-dddd'],
    ['udp', 'port', '5060'],
  ]) {
    const { status, out, err } = await hepcapd(['bpf', ...args])
    t.equal(status, 2, args.join(' '))
    t.equal(out, '')
    t.match(err, /^(\S+: error: [^\n]+; [^\n]+\n)+$/)
  }
})

t.test('the help says what passes', async (t) => {
  const { status, out } = await hepcapd(['bpf', '--help'])
  t.equal(status, 0)
  t.match(out.replace(/\s+/g, ' '), /portrange FIRST-LAST or ip\[6:2\] & 0x1fff != 0 or ip6\[6\] = 44/)
})
