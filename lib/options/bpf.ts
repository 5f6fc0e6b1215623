// Options of `hepcapd bpf` beside those of the daemon: how its filter is printed, and for which frames.

import type { FilterFormat } from '../binding.js'
import type { OptionTable } from './option.js'
import { choice, optional, ValueFault, type ValueType } from './types.js'

const group = 'Printing:'

/** What tcpdump calls the link types that have a filter, with their LINKTYPE_ numbers. */
export const LINK_TYPES = {
  EN10MB: 1,
  LINUX_SLL: 113,
  LINUX_SLL2: 276,
  RAW: 101,
  IPV4: 228,
  IPV6: 229,
  NULL: 0,
  LOOP: 108,
} as const
export type LinkTypeName = keyof typeof LINK_TYPES

/** `-d` has no text, and of `-ddd` it is what stands behind the first letter. */
const FORMATS = new Map<string, FilterFormat>([
  ['', 'listing'],
  ['d', 'initializers'],
  ['dd', 'numbers'],
])

const dump: ValueType<FilterFormat> = {
  placeholder: '-d|-dd|-ddd',
  bare: '',
  parse(text) {
    const format = FORMATS.get(text) ?? [...FORMATS.values()].find((name) => name === text)
    if (format === undefined)
      throw new ValueFault(`"${text}" is no way to print a filter`, 'write -d, -dd or -ddd')
    return format
  },
  show: (format) => format,
}

export const bpfOptions = {
  dump: {
    group,
    type: dump,
    short: 'd',
    default: 'listing',
    defaultShown: '-d',
    help: 'as a listing, as C, or as the numbers that --bpf-file takes',
  },
  link_type: {
    group,
    type: optional(choice(Object.keys(LINK_TYPES) as LinkTypeName[])),
    short: 'y',
    default: '',
    defaultShown: 'that of --raw-interface, else EN10MB',
    help: 'for frames of this link type; without meaning for IPIP',
  },
} as const satisfies OptionTable

/** The end of the help. */
export const FILTER_NOTES =
  'Of frames under up to two VLAN tags it passes what this expression passes: `portrange FIRST-LAST or ' +
  'ip[6:2] & 0x1fff != 0 or ip6[6] = 44`, and with --tunnels `or ip proto (4 or 41 or 47) or udp port (4789 or ' +
  '6081 or 37008) or mpls`; with --ipip, of what is inside. Ports in tunnels and in later fragments are matched ' +
  'by the daemon; ports behind other IPv6 extension headers are not looked for (--bpf 0 passes them). Where it captures from every interface, it asks the kernel for the kind ' +
  'of each frame first, and filters those without an Ethernet header as RAW.'
