// `hepcapd bpf`: prints the packet filter that the daemon would attach with these options. It opens no socket.

import { binding, type FilterFormat } from '../binding.js'
import { RefusedError } from '../errors.js'
import { readFilter } from '../listen/filter-file.js'
import type { RawSettings } from '../listen/raw.js'
import { LINK_TYPES, type LinkTypeName } from '../options/bpf.js'
import { type Output, processOutput } from './output.js'

export interface BpfOptions {
  dump: FilterFormat
  /** Of the frames; nothing is that of the interfaces. */
  link_type: LinkTypeName | undefined
}

/** Resolves to the exit status. Throws a RefusedError for an interface or a file that is not there. */
export async function bpf(
  raw: RawSettings,
  { dump, link_type: linkType }: BpfOptions,
  output: Output = processOutput(),
): Promise<number> {
  const programs = raw.filterFile ? [ofFile(raw, dump)] : compiled(raw, dump, linkType)
  for (const program of programs) output.out(program.trimEnd())
  return 0
}

/** One for each link type that the interfaces have. */
function compiled(raw: RawSettings, format: FilterFormat, linkType: LinkTypeName | undefined): string[] {
  const { range, tunnels, snapLength, mode } = raw
  if (!raw.filter) return [binding.printFilter(EVERYTHING, format, keptOf(raw))]
  const ports = { ...range, allPorts: range.firstPort === undefined }
  const linkTypes = mode === 'ipip' ? [LINK_TYPES.RAW] : linkTypesOf(raw, linkType)
  return linkTypes.map((number) =>
    binding.compileFilter({ ...ports, linkType: number, tunnels, snapLength, ipip: mode === 'ipip', format }),
  )
}

/** `ret #262144`, what tcpdump makes of no expression. */
const EVERYTHING = '1\n6 0 0 262144\n'

/** A ring cuts frames, an IPIP socket does not. */
function keptOf({ mode, snapLength }: RawSettings): number | undefined {
  return mode === 'moni' ? snapLength : undefined
}

function linkTypesOf({ interfaces }: RawSettings, linkType: LinkTypeName | undefined): number[] {
  if (linkType !== undefined) return [LINK_TYPES[linkType]]
  const found = interfaces.map((name) => {
    try {
      return binding.linkTypeOf(name)
    } catch (error) {
      const { code, message, cure = '' } = error as Error & { code?: string; cure?: string }
      if (code === undefined) throw error
      throw new RefusedError({ code, message, cure: cure || 'see `ip link` for the interfaces' })
    }
  })
  return found.length > 0 ? [...new Set(found)] : [LINK_TYPES.EN10MB]
}

function ofFile(raw: RawSettings, format: FilterFormat): string {
  return binding.printFilter(readFilter(raw.filterFile), format, keptOf(raw))
}
