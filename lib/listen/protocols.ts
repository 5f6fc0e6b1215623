// The protocols that can be listened on, and which of them want the same port.

export const LISTEN_PROTOS = ['hep_udp', 'hep_tcp', 'hep_tls', 'hep_ws', 'hep_wss', 'udp'] as const
export type ListenProto = (typeof LISTEN_PROTOS)[number]

export interface Listen {
  proto: ListenProto
  /** `*`, an address, an interface or a host name. */
  host: string
  /** 0 binds a free port. */
  port: number
}

/** What a listener is bound to. An address of '' is every address. */
export interface BoundListen {
  proto: ListenProto
  address: string
  port: number
}

export function isDatagram(proto: ListenProto): boolean {
  return proto === 'hep_udp' || proto === 'udp'
}

export function isTls(proto: ListenProto): boolean {
  return proto === 'hep_tls' || proto === 'hep_wss'
}

/** The protocol that HEP comes by here, as scripts name it. */
export function hepNetName(proto: ListenProto): string {
  return proto === 'udp' ? 'HEP_UDP' : proto.toUpperCase()
}

/** Two that cannot both be open, as far as their names tell. */
export function clash(listeners: readonly Listen[]): [Listen, Listen] | undefined {
  for (const [at, one] of listeners.entries()) {
    const other = listeners.slice(0, at).find((earlier) => isSamePort(earlier, one))
    if (other) return [other, one]
  }
  return undefined
}

function isSamePort(one: Listen, other: Listen): boolean {
  if (one.port === 0 || one.port !== other.port) return false
  if (isDatagram(one.proto) !== isDatagram(other.proto)) return false
  return one.host === other.host || one.host === '*' || other.host === '*'
}
