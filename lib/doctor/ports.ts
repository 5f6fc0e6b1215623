// Ports of listeners: is one taken, and by whom? Read from the kernel's tables of sockets; nothing is bound.

import { isDatagram, type Listen } from '../listen/protocols.js'
import { about, type Finding } from './finding.js'
import { linkOf, namesIn, textOf } from './host.js'

const say = about('ports')

const LISTENING = '0A'

export interface SocketRow {
  address: string
  port: number
  inode: string
  /** `0A` listens; without meaning for UDP. */
  state: string
}

export interface Owner {
  pid: number
  command: string
}

/** Rows of /proc/net/udp and its like; addresses as `inet_ntop` would not write them, but the same for the same. */
export function socketRows(table: string): SocketRow[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/)
      const [address, port] = local.split(':')
      if (address === undefined || port === undefined) return []
      return [{ address: addressOf(address), port: Number.parseInt(port, 16), state, inode }]
    })
}

/** Words of 32 bits in the order of a little-endian host; '' is every address. */
function addressOf(hex: string): string {
  const octets = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse())
  const numbers = octets.map((octet) => Number.parseInt(octet, 16))
  if (numbers.every((octet) => octet === 0)) return ''
  if (numbers.length === 4) return numbers.join('.')
  const groups = numbers.flatMap((octet, at) =>
    at % 2 === 0 ? [((octet << 8) | (numbers[at + 1] as number)).toString(16)] : [],
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

export interface SocketTables {
  udp: readonly SocketRow[]
  tcp: readonly SocketRow[]
}

export interface Wanted {
  listen: Listen
  /** As they would be bound; '' is every address. */
  addresses: readonly string[]
}

export interface TakenPort {
  /** `UDP 9060` */
  name: string
  inode: string
}

export function takenPorts(wanted: readonly Wanted[], { udp, tcp }: SocketTables): TakenPort[] {
  return wanted.flatMap(({ listen: { proto, port }, addresses }) => {
    const rows = isDatagram(proto) ? udp : tcp.filter(({ state }) => state === LISTENING)
    const taken = rows.find(
      (row) => port !== 0 && row.port === port && addresses.some((one) => overlap(one, row.address)),
    )
    return taken ? [{ name: `${isDatagram(proto) ? 'UDP' : 'TCP'} ${port}`, inode: taken.inode }] : []
  })
}

function overlap(one: string, other: string): boolean {
  return one === '' || other === '' || one === other
}

export function portFindings(
  wanted: readonly Wanted[],
  tables: SocketTables,
  ownerOf: (inode: string) => Owner | undefined,
): Finding[] {
  if (wanted.length === 0) return []
  const taken = takenPorts(wanted, tables)
  if (taken.length === 0) return [say.ok('ports', 'the ports of all listeners are free')]
  return taken.map(({ name, inode }) => {
    const owner = ownerOf(inode)
    if (owner && isHepcapd(owner))
      return say.ok('ports', `${name} is taken by a hepcapd that runs (process ${owner.pid})`)
    const by = owner ? `${owner.command} (process ${owner.pid})` : 'a process that this user may not see'
    return say.fault('ports', `${name} is taken by ${by}`, {
      cure: owner ? `kill ${owner.pid}, or name another port with --listen` : `ss -lnp '${sportOf(name)}'`,
      why: 'the daemon cannot start',
    })
  })
}

function sportOf(name: string): string {
  return `sport = :${name.split(' ')[1]}`
}

export function isHepcapd({ command }: Owner): boolean {
  return /(^| )hepcapd(\.js)?( |$)/.test(command)
}

export function socketTables(): SocketTables {
  const rows = (...names: string[]) => names.flatMap((name) => socketRows(textOf(`/proc/net/${name}`) ?? ''))
  return { udp: rows('udp', 'udp6'), tcp: rows('tcp', 'tcp6') }
}

/** Of the processes whose files this one may look at. */
export function ownerOf(inode: string): Owner | undefined {
  const pid = namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) =>
      namesIn(`/proc/${name}/fd`).some((fd) => linkOf(`/proc/${name}/fd/${fd}`) === `socket:[${inode}]`),
    )
  if (pid === undefined) return undefined
  return { pid: Number(pid), command: commandOf(textOf(`/proc/${pid}/cmdline`) ?? '') }
}

/** The program and its first argument that is no flag: of Node, the script. */
export function commandOf(cmdline: string): string {
  const [program = '', ...rest] = cmdline.split('\0')
  const [script = ''] = rest.filter((word) => !word.startsWith('-'))
  return [program, script]
    .map((word) => word.split('/').at(-1))
    .join(' ')
    .trim()
}
