// What takes packets from the network: opened one after the other, each an input of its own.

import type { Engine, UdpListenOptions } from '../binding.js'
import { RefusedError } from '../errors.js'
import type { Log } from '../log.js'
import { inheritance } from '../privileges/inheritance.js'
import { tcpName, udpName } from '../privileges/names.js'
import { bindAddresses } from './address.js'
import type { TlsCredentials } from './certificates.js'
import { type BoundListen, isDatagram, type Listen, type ListenProto } from './protocols.js'
import type { InputList } from './raw.js'
import { type SenderSettings, senderRules } from './senders.js'
import type { StreamListener } from './stream-listener.js'
import { TcpListener } from './tcp.js'
import { TlsListener } from './tls.js'
import { WsListener } from './ws.js'

export interface ListenerSettings {
  listen: Listen[]
  /** Is HEP taken where SIP is too? */
  hepCaptureOn: boolean
  tls: TlsCredentials
  senders: SenderSettings
  /** Receive threads of each UDP listener. */
  udpWorkers: number
  /** Octets. */
  rcvbufBytes: number
  /** Is each record to say which address of ours its packet came to? */
  tellsReceiver: boolean
}

export class Listeners {
  readonly #engine: Engine
  readonly #settings: ListenerSettings
  readonly #inputs: InputList
  readonly #log: Log
  readonly #streams = new Map<number, StreamListener>()
  readonly #bound = new Map<number, BoundListen>()
  /** As they were asked for. */
  readonly #asked = new Map<number, Listen>()

  constructor(engine: Engine, settings: ListenerSettings, inputs: InputList, log: Log) {
    this.#engine = engine
    this.#settings = settings
    this.#inputs = inputs
    this.#log = log
  }

  /** Rejects with a RefusedError; what is open by then stays so until close(). */
  async open(): Promise<void> {
    for (const listen of this.#settings.listen) await this.#open(listen)
  }

  /** With the ports that they got, in the order of the inputs. */
  get all(): BoundListen[] {
    return [...this.#bound.values()]
  }

  /** undefined for an input that is no listener. */
  of(input: number): BoundListen | undefined {
    return this.#bound.get(input)
  }

  /** Connections that never came as far as a packet, by name. */
  odd(input: number): Record<string, number> {
    return this.#streams.get(input)?.odd ?? {}
  }

  /** The queue has room again. */
  resume(): void {
    for (const listener of this.#streams.values()) listener.resume()
  }

  /** Certificates for the connections, and rules for the packets, that come from here on. */
  reload(tls: TlsCredentials, senders: SenderSettings): void {
    for (const listener of this.#streams.values()) listener.reload(tls)
    for (const [input, listen] of this.#asked) this.#engine.setSenders(input, senderRules(senders, listen))
  }

  /** Who has sent to an input; undefined for one that is no listener. */
  agents(input: number): ReturnType<Engine['agents']> | undefined {
    return this.#asked.has(input) ? this.#engine.agents(input) : undefined
  }

  /** Those of streams: the engine ends its own threads. */
  async close(drainMs: number): Promise<void> {
    await Promise.all(Array.from(this.#streams.values(), (listener) => listener.close(drainMs)))
  }

  async #open(listen: Listen): Promise<void> {
    for (const address of await bindAddresses(listen.host)) {
      const input = this.#inputs.next
      this.#engine.setSenders(input, senderRules(this.#settings.senders, listen))
      try {
        const port = isDatagram(listen.proto)
          ? this.#openUdp(input, address, listen)
          : await this.#openStream(input, address, listen)
        this.#inputs.add(shownListener(listen, address, port))
        this.#bound.set(input, { proto: listen.proto, address, port })
        this.#asked.set(input, listen)
      } catch (error) {
        throw listenError(shownListener(listen, address, listen.port), error)
      }
    }
  }

  #openUdp(input: number, address: string, listen: Listen): number {
    const descriptors = inheritance.takeSockets(udpName(address, listen.port))
    const options = { ...udpOptions(this.#settings, listen, address), descriptors }
    const listening = this.#engine.listenUdp(input, options)
    this.#tellReceiveBuffer(listening.rcvbufBytes)
    return listening.port
  }

  #tellReceiveBuffer(granted: number): void {
    const wanted = this.#settings.rcvbufBytes
    if (granted >= wanted) {
      this.#log.info(`receive buffer: ${granted} octets`)
    } else {
      this.#log.warn(
        `receive buffer: the kernel granted ${granted} of ${wanted} octets, so bursts may be lost (and are counted); ` +
          `run with CAP_NET_ADMIN, or: sysctl -w net.core.rmem_max=${wanted}`,
      )
    }
  }

  async #openStream(input: number, address: string, { proto, port }: Listen): Promise<number> {
    const listener = this.#streamListener(input, proto)
    const [descriptor] = inheritance.takeSockets(tcpName(address, port))
    const bound = await listener.listen(address, port, descriptor)
    this.#streams.set(input, listener)
    return bound
  }

  #streamListener(input: number, proto: ListenProto): StreamListener {
    const { tls } = this.#settings
    if (proto === 'hep_tls') return new TlsListener(this.#engine, input, tls)
    if (proto === 'hep_ws') return new WsListener(this.#engine, input, undefined)
    if (proto === 'hep_wss') return new WsListener(this.#engine, input, tls)
    return new TcpListener(this.#engine, input)
  }
}

/** How the ledger names it. */
export function shownListener({ proto, host }: Listen, address: string, port: number): string {
  const shown = host === '*' ? '*' : address.includes(':') ? `[${address}]` : address
  return `${proto}:${shown}:${port}`
}

/** `address` is one of the listener's. */
export function udpOptions(
  {
    udpWorkers,
    rcvbufBytes,
    hepCaptureOn,
    tellsReceiver,
  }: Omit<ListenerSettings, 'listen' | 'tls' | 'senders'>,
  { proto, port }: Listen,
  address: string,
): UdpListenOptions {
  const takes = proto === 'hep_udp' ? 'hep' : hepCaptureOn ? 'sip_or_hep' : 'sip'
  return { address, port, rcvbufBytes, workers: udpWorkers, takes, tellsReceiver }
}

export function listenError(listener: string, error: unknown): RefusedError {
  if (error instanceof RefusedError) return error
  const { code = 'ERROR', message, cure } = error as Error & { code?: string; cure?: string }
  return new RefusedError({
    code,
    message: `cannot listen on ${listener}: ${message}`,
    cure: cure || cureOf(code),
  })
}

function cureOf(code: string): string {
  if (code === 'EADDRINUSE')
    return 'another program has this port: stop it, or name another port with --listen'
  if (code === 'EADDRNOTAVAIL') return 'this host does not have that address: see `ip address`'
  if (code === 'EACCES') return 'ports under 1024 need CAP_NET_BIND_SERVICE'
  return 'name another address or port with --listen'
}
