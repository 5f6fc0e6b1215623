// Options of what is received: listeners, raw capture, files.

import { listenPoint, portRange } from './endpoints.js'
import type { OptionTable } from './option.js'
import { hepKey, network } from './senders.js'
import { integer, offOr, onOff, port, size } from './types.js'

const hep = { group: 'HEP inputs:' } as const
const raw = { group: 'Raw capture and files:' } as const

const rate = integer({ min: 0, max: 1e9, why: 'no sender is faster' })

export const inputOptions = {
  listen: {
    ...hep,
    type: listenPoint,
    default: [],
    defaultShown: 'hep_udp:*:9060 and hep_tcp:*:9060 when no input is named',
    repeatable: true,
    help: 'receive here; PROTO is hep_udp, hep_tcp, hep_tls, hep_ws, hep_wss, udp (SIP and HEP); ADDR an IP, interface, host or *',
  },
  hep_capture_on: {
    ...hep,
    type: onOff,
    default: '1',
    help: 'open the HEP listeners, and take HEP on those for udp',
  },
  hep_port: {
    ...hep,
    type: port,
    default: '9060',
    help: 'port of HEP listeners that name none',
  },
  udp_workers: {
    ...hep,
    type: integer({ min: 1, max: 64, why: 'more threads than cores help nobody' }),
    default: '1',
    help: 'receive threads of each UDP listener',
  },
  rcvbuf: {
    ...hep,
    type: size({ min: 1, max: 2 ** 30, why: 'the kernel doubles it in a signed number' }),
    default: '64MiB',
    help: 'socket buffer of each UDP listener thread; the log says what the kernel granted',
  },
  hep_max_msg_chunks: {
    ...hep,
    type: integer({ min: 0, max: 65535, why: 'packets have at most so many octets' }),
    default: '32',
    help: 'reads of one packet over TCP',
    instead: 'an incomplete packet may take 10 s and 65,535 octets, in as many reads as it likes',
  },
  hep_key: {
    ...hep,
    type: hepKey,
    default: [],
    repeatable: true,
    secret: true,
    help: 'take only HEP packets with this key (chunk 14), of a LISTENER only with its own; repeatable',
  },
  allow: {
    ...hep,
    type: network,
    default: [],
    repeatable: true,
    help: 'take only packets from these networks, on every listener; repeatable',
  },
  rate_limit: {
    ...hep,
    type: rate,
    default: '0',
    help: 'packets a second of one sender, over all listeners; 0 is no limit',
  },
  tls_cert: {
    ...hep,
    type: offOr('FILE'),
    default: 'off',
    help: 'certificate of hep_tls and hep_wss, PEM, with those between it and its CA; SIGHUP reads it again',
  },
  tls_key: { ...hep, type: offOr('FILE'), default: 'off', help: 'its private key, PEM without a passphrase' },
  tls_ca: {
    ...hep,
    type: offOr('FILE'),
    default: 'off',
    help: 'senders must show a certificate that one of these signed, PEM',
  },
  raw_ipip_capture_on: {
    ...raw,
    type: onOff,
    alias: 'ipip',
    default: '0',
    help: 'capture from IPIP raw sockets',
  },
  raw_moni_capture_on: {
    ...raw,
    type: onOff,
    alias: 'moni',
    default: '0',
    help: 'capture from a mirror port; not together with IPIP',
  },
  raw_socket_listen: {
    ...raw,
    type: portRange,
    default: '',
    defaultShown: '0.0.0.0:5060-5061 in mirror mode, else every port',
    help: 'ports of either end; the address binds the IPIP socket',
  },
  raw_interface: {
    ...raw,
    type: offOr('IF'),
    short: 'i',
    default: [],
    defaultShown: 'every interface',
    repeatable: true,
    help: 'capture from this interface; repeatable',
  },
  raw_sock_children: {
    ...raw,
    type: integer({ min: 1, max: 64, why: 'more threads than cores help nobody' }),
    default: '1',
    help: 'capture threads, sharing the load by flow',
  },
  promiscuous_on: {
    ...raw,
    type: onOff,
    alias: 'promisc',
    otherName: 'promiscious_on',
    default: '0',
    help: 'see frames for other hosts too',
  },
  raw_moni_bpf_on: {
    ...raw,
    type: onOff,
    alias: 'bpf',
    default: '1',
    help: 'filter ports in the kernel',
  },
  bpf_file: {
    ...raw,
    type: offOr('FILE'),
    default: 'off',
    help: 'filter with the numbers of `tcpdump -ddd` instead',
  },
  tunnels: { ...raw, type: onOff, default: '1', help: 'look inside tunnels on the mirror port' },
  snaplen: {
    ...raw,
    type: integer({ min: 64, max: 262144, why: 'headers are longer, and no frame is' }),
    default: '65535',
    help: 'octets of a frame that are kept',
  },
  ring_size: {
    ...raw,
    type: size({ min: 2 ** 20, max: 2 ** 31, why: 'locked memory' }),
    default: '64MiB',
    help: 'ring of each capture thread',
  },
  read: {
    ...raw,
    type: offOr('FILE'),
    short: 'r',
    default: [],
    repeatable: true,
    help: 'read pcap or pcapng instead of live input, - is stdin; repeatable',
  },
} as const satisfies OptionTable
