// Plain settings that decide before any route: what is discarded, which table, where to relay.

/** A network in CIDR: octets of the address (4 or 16) and the length of its prefix in bits. */
export interface Network {
  octets: Uint8Array
  prefix: number
}

export interface RelayRule {
  to: RelayTarget
  /** Of all rules with it, one gets the message: always the same for one Call-ID. Those without get every message. */
  sticky: 'call-id' | undefined
}

export interface RelayTarget {
  proto: 'hep_udp' | 'hep_tcp' | 'hep_tls'
  /** Address without brackets, or a host name. */
  host: string
  port: number
}

export interface RuleSettings {
  discard: {
    /** Upper case; replies follow through CSeq. */
    methods: string[]
    /** Captured source. */
    sources: Network[]
    /** Sender of the HEP packet. */
    agents: Network[]
    /** HEP protocol types. */
    types: number[]
  }
  /** Table of each method (upper case) in place of `table_name`, strftime allowed; replies follow through CSeq. */
  tables: Map<string, string>
  relay: RelayRule[]
}
