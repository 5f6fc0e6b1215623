// Each check of `hepcapd doctor`, fed with a host that is well and with one that is not.

import t, { type Test } from 'tap'
import type { InterfaceState, PacketSocketState } from '../../lib/binding.js'
import { cgroupOf } from '../../lib/doctor/cgroup.js'
import { clock } from '../../lib/doctor/clock.js'
import { diskOf, spoolFindings, sqliteFindings } from '../../lib/doctor/disks.js'
import { losses, lossesOf } from '../../lib/doctor/drops.js'
import { type Finding, octetsText, worstOf } from '../../lib/doctor/finding.js'
import { softLimit } from '../../lib/doctor/host.js'
import { interfaceFindings, missingInterface, threads } from '../../lib/doctor/interfaces.js'
import { cgroupLimits, kernel, nodeVersion, openFiles, unitOf } from '../../lib/doctor/limits.js'
import { memory, receiveBuffers } from '../../lib/doctor/memory.js'
import { commandOf, portFindings, socketRows, takenPorts } from '../../lib/doctor/ports.js'
import { capabilities, packetSockets, statusOf, user } from '../../lib/doctor/privileges.js'
import { findingsText } from '../../lib/doctor/text.js'

const MIB = 2 ** 20

/** Each as `level check`, with its cure. */
function are(t: Test, findings: readonly Finding[], ...expected: [string, RegExp?][]): void {
  t.same(
    findings.map(({ level, check }) => `${level} ${check}`),
    expected.map(([name]) => name),
  )
  for (const [at, [name, cure]] of expected.entries()) if (cure) t.match(findings[at]?.cure, cure, name)
}

t.test('receive buffers against rmem_max and udp_mem', async (t) => {
  const facts = { wanted: 64 * MIB, sockets: 1, rmemMax: 212_992, mayForce: false, udpPages: 2 ** 20 }
  const small = receiveBuffers(facts)
  are(t, small, ['warning rmem_max', /^sysctl -w net\.core\.rmem_max=67108864$/], ['ok udp_mem'])
  t.equal(small[0]?.keep, "echo 'net.core.rmem_max = 67108864' >> /etc/sysctl.d/60-hepcapd.conf")
  t.match(small[0]?.what, '212992')
  are(t, receiveBuffers({ ...facts, mayForce: true }), ['hint rmem_max', /^sysctl/], ['ok udp_mem'])
  are(t, receiveBuffers({ ...facts, rmemMax: 64 * MIB }), ['ok rmem_max'], ['ok udp_mem'])
  are(
    t,
    receiveBuffers({ ...facts, mayForce: true, sockets: 4, udpPages: 100_000 }),
    ['hint rmem_max'],
    ['warning udp_mem', /^sysctl -w 'net\.ipv4\.udp_mem=131072 196608 262144'$/],
  )
  are(t, receiveBuffers({ ...facts, sockets: 0 }))
})

t.test('memory for the queue and the rings', async (t) => {
  const facts = { queueBytes: 256 * MIB, ringBytes: 0, available: 4096 * MIB, cgroup: undefined }
  are(t, memory(facts), ['ok memory'])
  are(t, memory({ ...facts, ringBytes: 4096 * MIB }), ['warning memory', /--ring-size/])
  const cgroup = { limit: 200 * MIB, used: MIB }
  are(t, memory({ ...facts, cgroup }), ['ok memory'], ['warning memory_limit', /MemoryMax=576M/])
  are(t, memory({ ...facts, cgroup: { ...cgroup, limit: 1024 * MIB } }), ['ok memory'], ['ok memory_limit'])
})

const STATUS = (effective: string, bounding: string, more = '') =>
  statusOf(`Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t${effective}\nCapBnd:\t${bounding}\nSeccomp:\t0\n${more}`)
const ALL = '000001ffffffffff'
const NONE = '0000000000000000'

t.test('capabilities that the inputs need', async (t) => {
  const needs = { raw: true, ports: [80, 9060], firstFreePort: 1024 }
  are(t, capabilities(STATUS(ALL, ALL), needs), ['ok cap_net_raw'], ['ok cap_net_bind_service'])
  const bare = capabilities(STATUS(NONE, ALL), needs)
  are(t, bare, ['fault cap_net_raw', /^setcap cap_net_raw\+ep/], ['fault cap_net_bind_service', /^setcap/])
  t.match(bare[0]?.keep, 'AmbientCapabilities=CAP_NET_RAW')
  const [container] = capabilities(STATUS(NONE, NONE), needs)
  t.match(container?.cure, '--cap-add NET_RAW')
  const [bound] = capabilities(STATUS(NONE, ALL, 'NoNewPrivs:\t1\n'), needs)
  t.match(bound?.cure, /NoNewPrivileges is on/)
  are(t, capabilities(STATUS(NONE, ALL), { ...needs, raw: false, firstFreePort: 0 }), ['ok capabilities'])
})

t.test('whom the daemon becomes', async (t) => {
  const plain = { becomes: undefined, refusal: undefined, isRoot: false }
  are(t, user(plain))
  are(t, user({ ...plain, isRoot: true }), ['hint user', /^--user/])
  are(t, user({ ...plain, becomes: 'nobody', isRoot: true }), ['ok user'])
  const refusal = { message: 'there is no user x', cure: 'name one' }
  are(t, user({ ...plain, refusal }), ['fault user', /^name one$/])
})

t.test('packet sockets that something refuses', async (t) => {
  const well: PacketSocketState = { socket: '', version: '', ring: '', fanout: '', overflow: '' }
  const free = { seccomp: 0, profile: '' }
  are(t, packetSockets(well, true, free), ['ok packet_socket'])
  are(t, packetSockets({ ...well, socket: 'EPERM' }, false, free))
  const refused = { ...well, socket: 'EPERM' }
  const profile = packetSockets(refused, true, { seccomp: 0, profile: 'docker-default (enforce)' })
  are(t, profile, ['fault packet_socket', /network packet raw/])
  t.match(profile[0]?.what, 'the profile docker-default (enforce)')
  t.match(packetSockets(refused, true, { seccomp: 2, profile: 'unconfined' })[0]?.what, 'a seccomp filter')
  const family = packetSockets({ ...well, socket: 'EAFNOSUPPORT' }, true, free)
  are(t, family, ['fault packet_socket', /RestrictAddressFamilies=.*AF_PACKET/])
  are(t, packetSockets({ ...well, version: 'EINVAL' }, true, free), ['fault packet_socket', /Linux 3\.2/])
  are(t, packetSockets({ ...well, fanout: 'EINVAL' }, true, free), [
    'warning fanout',
    /--raw-sock-children 1/,
  ])
})

t.test('interfaces: their link, their frames, their offloads', async (t) => {
  const facts = { promiscuous: true, snapLength: 65535 }
  const well: InterfaceState = {
    up: true,
    loopback: false,
    carrier: true,
    promiscuous: false,
    mtu: 1500,
    linkType: 1,
    features: ['rx-gro', 'rx-vlan-hw-parse', 'tx-checksum-ipv4'],
  }
  const found = interfaceFindings('eth9', well, facts)
  are(t, found, ['ok link'], ['ok offload'])
  t.match(found[1]?.what, /gro merges TCP segments, which are read.*VLAN tags are taken off by the card/)
  are(t, interfaceFindings('eth9', { ...well, up: false }, facts).slice(0, 1), [
    'fault link',
    /^ip link set eth9 up$/,
  ])
  are(t, interfaceFindings('eth9', { ...well, carrier: false }, facts).slice(0, 1), [
    'warning link',
    /^ethtool eth9$/,
  ])
  const udp = { ...well, features: ['rx-gro', 'rx-udp-gro-forwarding'] }
  are(
    t,
    interfaceFindings('eth9', udp, facts),
    ['ok link'],
    ['warning offload', /^ethtool -K eth9 rx-udp-gro-forwarding off$/],
  )
  are(
    t,
    interfaceFindings('eth9', { ...well, features: ['rx-gro', 'rx-lro'] }, { ...facts, snapLength: 1600 }),
    ['ok link'],
    ['warning offload', /ethtool -K eth9 gro off lro off/],
  )
  are(
    t,
    interfaceFindings('eth9', { ...well, features: [] }, { promiscuous: false, snapLength: 1500 }),
    ['ok link'],
    ['hint promiscuous', /--promiscuous-on 1/],
    ['warning snaplen', /--snaplen 65535/],
    ['ok offload'],
  )
  const lo = { ...well, loopback: true, mtu: 65536 }
  are(t, interfaceFindings('lo', lo, { ...facts, promiscuous: false }), ['ok link'], ['ok offload'])
  t.match(missingInterface('nix', ['lo', 'eth9']).what, 'lo, eth9')
  are(t, threads(4, 2), ['hint threads', /--raw-sock-children 2/])
  are(t, threads(2, 2))
})

const DEV = (drop: number, fifo: number) =>
  `Inter-|   Receive |  Transmit\n face |bytes    packets errs drop fifo frame\n  eth9: 10 2 0 ${drop} ${fifo} 0 0 0 0 0 0 0 0 0 0 0\n`
const SNMP = (errors: number) =>
  `Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 9 8 7 6 ${errors} 4\n`

t.test('what the host has lost, and what it loses now', async (t) => {
  const texts = (drop: number, backlog: string, squeezed: string, errors: number) => ({
    dev: DEV(drop, 1),
    softnet: `0000000a ${backlog} ${squeezed} 00000000\n00000001 00000001 00000000 00000000\n`,
    snmp: SNMP(errors),
    snmp6: 'Udp6InDatagrams  4\nUdp6RcvbufErrors \t2\n',
  })
  const before = lossesOf(texts(5, '0000000f', '00000010', 40))
  t.same([...before.interfaces], [['eth9', 6]])
  t.same([before.backlog, before.squeezed, before.udpBuffers], [16, 16, 42])
  const watched = { before, after: before, captured: ['eth9'], listensUdp: true }
  are(
    t,
    losses(watched),
    ['hint interface_drops', /^ethtool -G eth9/],
    ['hint softnet_dropped', /netdev_max_backlog/],
    ['hint udp_rcvbuf_errors', /^ss -uamn$/],
  )
  const after = lossesOf(texts(7, '00000010', '00000011', 41))
  const now = losses({ ...watched, after })
  are(
    t,
    now,
    ['warning interface_drops'],
    ['warning softnet_dropped'],
    ['warning udp_rcvbuf_errors'],
    ['hint softnet_squeezed', /netdev_budget/],
  )
  t.match(now[0]?.what, 'eth9 lost 2 frames while')
  t.match(now[2]?.what, 'full sockets lost 1 datagram while')
  const none = lossesOf({ dev: DEV(0, -1), softnet: '', snmp: SNMP(0), snmp6: '' })
  are(t, losses({ ...watched, before: none, after: none }), ['ok losses'])
})

t.test('the clock', async (t) => {
  const state = { synchronized: true, maxErrorUs: 4000 }
  are(t, clock({ state, source: 'tsc', jumpMs: 0.4 }), ['ok clock_sync'])
  are(t, clock({ state: { ...state, maxErrorUs: 400_000 }, source: 'tsc', jumpMs: 0 }), [
    'hint clock_sync',
    /chronyc/,
  ])
  are(
    t,
    clock({ state: { ...state, synchronized: false }, source: 'hpet', jumpMs: -3000 }),
    ['warning clock_sync', /^timedatectl set-ntp true$/],
    ['warning clock_jump', /chrony/],
    ['hint clock_source', /clocksource/],
  )
})

t.test('open files, threads, processors, versions', async (t) => {
  const facts = { openFiles: 65536, sockets: 2, hasStreams: true }
  are(t, openFiles(facts), ['ok nofile'])
  are(t, openFiles({ ...facts, openFiles: 64 }), ['fault nofile', /^ulimit -n/])
  const few = openFiles({ ...facts, openFiles: 300 })
  are(t, few, ['warning nofile'])
  t.match(few[0]?.why, 'room for 202 connections')
  are(t, openFiles({ ...facts, openFiles: 300, hasStreams: false }), ['ok nofile'])
  are(t, openFiles({ ...facts, openFiles: Number.POSITIVE_INFINITY }), ['ok nofile'])
  t.equal(
    softLimit('Max open files            20000                30000      files', 'Max open files'),
    20000,
  )
  const unit = 'hepcapd.service'
  t.equal(unitOf('0::/system.slice/hepcapd.service\n'), unit)
  t.equal(unitOf('0::/user.slice/user-0.slice/session-1.scope\n'), undefined)
  are(t, cgroupLimits({ cpus: undefined, tasks: undefined, threads: 1, unit: undefined }))
  are(t, cgroupLimits({ cpus: 2, tasks: 500, threads: 1, unit }), ['ok cgroup'])
  are(
    t,
    cgroupLimits({ cpus: 0.5, tasks: 16, threads: 1, unit }),
    ['hint cpu_max', /set-property hepcapd\.service CPUQuota=/],
    ['fault pids_max', /TasksMax/],
  )
  are(t, [nodeVersion('v20.19.0'), nodeVersion('v26.1.0')], ['ok node'], ['ok node'])
  are(t, [nodeVersion('v20.18.9'), nodeVersion('v18.20.1')], ['fault node', /20\.19/], ['fault node'])
  are(t, [kernel('6.1.0', ''), kernel('2.6.32', 'ENOPROTOOPT')], ['ok kernel'], ['warning kernel'])
})

const UDP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 0100007F:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5001 2 0000000000000000 0
  102: 00000000000000000000000001000000:13C4 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5002 2 0000000000000000 0
`

t.test('ports that are taken, and by whom', async (t) => {
  const udp = socketRows(UDP)
  t.same(
    udp.map(({ address, port, inode }) => [address, port, inode]),
    [
      ['127.0.0.1', 9060, '5001'],
      ['::1', 5060, '5002'],
    ],
  )
  const want = (proto: 'hep_udp' | 'hep_tcp', port: number, address: string) => ({
    listen: { proto, host: '*', port },
    addresses: [address],
  })
  const tables = { udp, tcp: [] }
  t.same(takenPorts([want('hep_udp', 9060, '')], tables), [{ name: 'UDP 9060', inode: '5001' }])
  t.same(takenPorts([want('hep_udp', 5060, '::1')], tables), [{ name: 'UDP 5060', inode: '5002' }])
  t.same(takenPorts([want('hep_udp', 9060, '192.0.2.1'), want('hep_tcp', 9060, '')], tables), [])
  const established = [{ address: '', port: 9060, state: '01', inode: '1' }]
  t.same(takenPorts([want('hep_tcp', 9060, '')], { udp: [], tcp: established }), [])
  const wanted = [want('hep_udp', 9060, '')]
  are(
    t,
    portFindings(wanted, tables, () => ({ pid: 7, command: 'node heplify.js' })),
    ['fault ports', /^kill 7, or name another port/],
  )
  are(
    t,
    portFindings(wanted, tables, () => ({ pid: 7, command: 'node hepcapd.js' })),
    ['ok ports'],
  )
  are(
    t,
    portFindings(wanted, tables, () => undefined),
    ['fault ports', /^ss -lnp 'sport = :9060'$/],
  )
  are(
    t,
    portFindings([want('hep_udp', 9061, '')], tables, () => undefined),
    ['ok ports'],
  )
})

t.test('what a process is called', async (t) => {
  t.equal(commandOf('/usr/bin/node\0--stack-size=9\0/srv/dist/bin/hepcapd.js\0--moni\0'), 'node hepcapd.js')
  t.equal(commandOf('/usr/sbin/kamailio\0-f\0/etc/kamailio.cfg\0'), 'kamailio kamailio.cfg')
  t.equal(commandOf(''), '')
})

t.test('control groups of both versions', async (t) => {
  const root = t.testdir({
    'system.slice': {
      'memory.max': '1073741824\n',
      'memory.current': '5000\n',
      'hepcapd.service': { 'memory.max': 'max\n', 'cpu.max': '50000 100000\n', 'pids.max': '64\n' },
    },
    memory: { group: { 'memory.limit_in_bytes': '9223372036854771712\n', 'memory.usage_in_bytes': '1\n' } },
    cpu: { group: { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' } },
    pids: { group: { 'pids.max': '512\n' } },
  })
  t.same(cgroupOf('0::/system.slice/hepcapd.service\n', root), {
    memory: { limit: 2 ** 30, used: 5000 },
    cpus: 0.5,
    tasks: 64,
  })
  t.same(cgroupOf('4:memory:/group\n3:cpu,cpuacct:/group\n2:pids:/group\n', root), {
    memory: undefined,
    cpus: undefined,
    tasks: 512,
  })
  t.same(cgroupOf('', root), { memory: undefined, cpus: undefined, tasks: undefined })
})

t.test('disks of the spool and of SQLite', async (t) => {
  const disk = { at: '/x', exists: true, writable: true, free: 100 * 2 ** 30, kind: 0xef53 }
  const spool = { folder: 'x', maxBytes: 4 * 2 ** 30, isNamed: true, databases: 2 }
  are(t, spoolFindings(spool, disk), ['ok spool'])
  are(t, spoolFindings(spool, { ...disk, free: 4 * 2 ** 30 }), ['warning spool', /--spool-max 2048MiB/])
  are(t, spoolFindings(spool, { ...disk, free: MIB }), ['fault spool'])
  are(t, spoolFindings(spool, { ...disk, writable: false }), ['fault spool', /^install -d/])
  are(t, spoolFindings({ ...spool, isNamed: false }, { ...disk, writable: false }), ['warning spool'])
  are(t, spoolFindings(spool, { ...disk, kind: 0x01021994 }), ['ok spool'], ['warning spool_memory'])
  const file = { path: '/x/y.db', disk, fileWritable: undefined }
  are(t, sqliteFindings(file), ['ok sqlite_disk'])
  are(t, sqliteFindings({ ...file, disk: { ...disk, exists: false } }), [
    'fault sqlite_folder',
    /^mkdir -p \/x$/,
  ])
  are(t, sqliteFindings({ ...file, fileWritable: false }), ['fault sqlite_folder', /^chown/])
  are(t, sqliteFindings({ ...file, disk: { ...disk, free: MIB } }), ['fault sqlite_disk', /^df -h \/x$/])
  are(
    t,
    sqliteFindings({ ...file, disk: { ...disk, free: 500 * MIB, kind: 0x6969 } }),
    ['warning sqlite_disk'],
    ['warning sqlite_network'],
  )
  t.equal(diskOf(`${t.testdir()}/not/there`).exists, false)
  t.equal(diskOf(t.testdir()).exists, true)
})

t.test('as text: by subject, aligned, nothing that drives a terminal', async (t) => {
  const findings = [
    missingInterface('\u001b[31m', ['lo']),
    ...threads(3, 1),
    ...clock({ state: { synchronized: true, maxErrorUs: 1000 }, source: undefined, jumpMs: 0 }),
  ]
  t.equal(
    findingsText(findings, false),
    `interfaces
  fault    there is no interface \\u{1b}[31m; there are lo: the daemon cannot start
           cure: name one of them with --raw-interface
  hint     3 capture threads on 1 core: more threads than cores help nobody
           cure: --raw-sock-children 1

clock
  ok       the clock is synchronized, within 1.0 ms

1 fault, 1 hint.`,
  )
  t.match(findingsText(findings, true), '\u001b[31mfault  \u001b[0m')
  t.equal(worstOf(findings), 'fault')
  t.equal(worstOf([]), 'ok')
  t.same([0, 1023, 1536, 64 * MIB].map(octetsText), ['0 octets', '1023 octets', '1.5 KiB', '64 MiB'])
})
