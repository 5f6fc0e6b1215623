// `npm run prebuild [-- --arch x64] [-- --node 22]`: fills prebuilds/, for every architecture and Node or for these alone.

import { parseArgs } from 'node:util'
import { majorOf, NODES } from './nodes.js'
import { ARCHES, prebuild } from './prebuilds.js'

const { values } = parseArgs({
  options: { arch: { type: 'string', multiple: true }, node: { type: 'string', multiple: true } },
})
const nodes = NODES.filter((node) => values.node?.includes(majorOf(node)) ?? true)
for (const arch of ARCHES.filter((arch) => values.arch?.includes(arch) ?? true)) prebuild(arch, nodes)
