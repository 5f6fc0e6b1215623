// Raw capture: an input for each interface of a mirror port, or for the IPIP sockets.

import type { Engine } from '../binding.js'
import { RefusedError } from '../errors.js'
import type { Log } from '../log.js'
import { type PortRange, shownPorts } from '../options/endpoints.js'
import { inheritance } from '../privileges/inheritance.js'
import { ipipName } from '../privileges/names.js'
import { readFilter } from './filter-file.js'

export interface RawSettings {
  mode: 'moni' | 'ipip'
  /** Empty: every interface. */
  interfaces: string[]
  range: PortRange
  /** Threads of each interface. */
  children: number
  promiscuous: boolean
  /** Attach the port filter in the kernel. */
  filter: boolean
  /** The numbers of `tcpdump -ddd`, attached in its place; '' for none. */
  filterFile: string
  tunnels: boolean
  snapLength: number
  /** Octets of each thread's ring. */
  ringBytes: number
  /** Octets of each IPIP socket's receive buffer. */
  rcvbufBytes: number
}

/** The inputs that there are. */
export interface InputList {
  /** The number of the one that is added next. */
  readonly next: number
  add(name: string): void
}

/** Throws a RefusedError, or a UsageError for the filter. */
export function openRaw(engine: Engine, settings: RawSettings, log: Log, inputs: InputList): void {
  const { interfaces, range, filterFile, ...rest } = settings
  const filterText = filterFile === '' ? '' : readFilter(filterFile)
  for (const name of interfaces.length > 0 ? interfaces : ['']) {
    const shown = shownRaw(settings, name)
    const descriptors = inheritance.takeSockets(ipipName(name))
    try {
      const options = { ...rest, ...range, interface: name, filterText, descriptors }
      const granted = engine.listenRaw(inputs.next, options)
      inputs.add(shown)
      for (const { bufferBytes } of granted) tellBuffer(settings, shown, bufferBytes, log)
    } catch (error) {
      throw refusedRaw(shown, error)
    }
  }
}

/** How the ledger names the input of an interface, '' for every one. */
export function shownRaw({ mode, range }: RawSettings, interfaceName: string): string {
  return `${mode}:${interfaceName || '*'}${shownPorts(range)}`
}

function tellBuffer({ mode, ringBytes, rcvbufBytes }: RawSettings, shown: string, granted: number, log: Log) {
  const wanted = mode === 'moni' ? ringBytes : rcvbufBytes
  const what = mode === 'moni' ? 'ring' : 'receive buffer'
  if (granted >= wanted) {
    log.info(`${shown}: ${what} of ${granted} octets`)
  } else {
    log.warn(
      `${shown}: the kernel granted a ${what} of ${granted} of ${wanted} octets; what it loses is counted`,
    )
  }
}

export function refusedRaw(shown: string, error: unknown): RefusedError {
  const { code = 'ERROR', message, cure } = error as Error & { code?: string; cure?: string }
  return new RefusedError({
    code,
    message: `cannot capture from ${shown}: ${message}`,
    cure: cure || 'see `hepcapd --help`',
  })
}
