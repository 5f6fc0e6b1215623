// `npm run test:nodes [-- --node 22] [-- FILES]`: the project's tests on every supported Node, in a copy of this checkout
// with the native code that was prebuilt for it; `npm run prebuild` comes first. Without files: all tests.

import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nodeRuntime } from './node-runtime.js'
import { majorOf, NODES, type NodeRelease } from './nodes.js'
import { ROOT, run } from './run.js'

const PARTS = [
  'bench',
  'bin',
  'dist',
  'docs',
  'examples',
  'lib',
  'native',
  'packaging',
  'page',
  'prebuilds',
  'test',
]
const FILES = ['package.json', 'package-lock.json', 'README.md', 'ARCHITECTURE.md', 'CHANGELOG.md']

/** Of hard links, without what was built for another Node. */
function copyFor(node: NodeRelease): string {
  const copy = join(ROOT, 'build-native', `node-${majorOf(node)}`)
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  const parts = [...PARTS, ...FILES, 'node_modules'].filter((part) => existsSync(join(ROOT, part)))
  run('cp', ['-al', ...parts.map((part) => join(ROOT, part)), copy])
  rmSync(join(copy, 'node_modules/better-sqlite3/build'), { recursive: true, force: true })
  return copy
}

/** False when a test failed. */
function passes(node: NodeRelease, files: string[]): boolean {
  const copy = copyFor(node)
  const program = join(nodeRuntime('amd64', node.version), 'bin/node')
  const path = `${join(program, '..')}:${process.env.PATH}`
  const wanted = files.length > 0 ? files : ['dist/test/*/*.test.js']
  try {
    const command = `"${program}" --test --test-concurrency=2 ${wanted.join(' ')}`
    run('sh', ['-c', command], { cwd: copy, env: { PATH: path } })
    return true
  } catch {
    return false
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string', multiple: true } },
})
const nodes = NODES.filter((node) => values.node?.includes(majorOf(node)) ?? true)
const failed = nodes.filter((node) => !passes(node, positionals)).map(({ version }) => version)
console.log(failed.length === 0 ? `passed on ${nodes.length} Nodes` : `failed on ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
