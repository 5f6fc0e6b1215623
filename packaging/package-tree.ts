// The program as it is installed, complete: its own Node.js, native code for it, production dependencies, nothing that is
// only there to build. The same tree is in every package; where it lies does not matter.
//
//   node             the runtime, stripped
//   app/             package.json, dist/, page/, prebuilds/, node_modules/
//   hepcapd          what starts it, from wherever it is linked to

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sqlitePrebuild } from '../lib/sqlite.js'
import { ARCHITECTURES, type Architecture, NODE_VERSION, nodeRuntime } from './node-runtime.js'
import { NODES } from './nodes.js'
import { type Arch, addonPrebuild, prebuild, tool } from './prebuilds.js'
import { ROOT, run } from './run.js'

/** Only needed where the addon is built. */
const FOR_BUILDING = ['node-addon-api']
/** What goes with the tree for people, with its links. */
export const DOCUMENTS = ['README.md', 'SECURITY.md', 'docs', 'examples']
/** Of a package: what no program reads. */
const UNREAD =
  /\.(map|md|markdown|ts|mts|cts|flow|gyp|gypi|yml|html|c|cc|cpp|h|hpp|o|a|d|mk)$|^\.(npmignore|eslintrc|git|editorconfig|nycrc|prettierrc)/i
const KEPT = /^(licen[cs]e|copying|notice)/i
const UNREAD_FOLDERS = new Set([
  'test',
  'tests',
  'docs',
  'examples',
  'benchmark',
  'deps',
  '.github',
  '.deps',
  'obj.target',
])

const LAUNCHER = `#!/bin/sh
# hepcapd with the Node.js that came with it.
home=$(dirname "$(readlink -f "$0")")
exec "$home/node" "$home/app/dist/bin/hepcapd.js" "$@"
`

/** Makes it in a folder that is not there yet. */
export function packageTree(folder: string, architecture: Architecture): void {
  const arch = ARCHITECTURES[architecture]
  const app = join(folder, 'app')
  mkdirSync(app, { recursive: true })
  cpSync(join(nodeRuntime(architecture), 'bin', 'node'), join(folder, 'node'))
  run(tool(arch, 'strip'), ['--strip-unneeded', join(folder, 'node')])
  writeFileSync(join(folder, 'hepcapd'), LAUNCHER)
  chmodSync(join(folder, 'hepcapd'), 0o755)
  for (const part of ['dist/bin', 'dist/lib', 'page']) {
    cpSync(join(ROOT, part), join(app, part), {
      recursive: true,
      filter: (path) => !/\.(map|d\.ts)$/.test(path),
    })
  }
  rmSync(join(app, 'dist', 'bin', 'demo.js'))
  dependencies(app)
  nativeCode(app, arch)
  run('chmod', ['-R', 'u=rwX,go=rX', folder])
  run('find', [app, '-type', 'f', '-exec', 'chmod', '644', '{}', '+'])
}

function nativeCode(app: string, arch: Arch): void {
  const node = NODES.find(({ version }) => version === NODE_VERSION)
  if (node === undefined) throw new Error(`Node.js ${NODE_VERSION} is not one of packaging/nodes.ts`)
  prebuild(arch, [node])
  for (const file of [addonPrebuild(arch), sqlitePrebuild(arch, node.modules)])
    cpSync(join(ROOT, file), join(app, file))
}

/** As package-lock.json has them, without native code. */
function dependencies(app: string): void {
  const {
    devDependencies: _,
    scripts: _scripts,
    ...rest
  } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const name of FOR_BUILDING) delete rest.dependencies[name]
  writeFileSync(join(app, 'package.json'), `${JSON.stringify(rest, null, 2)}\n`)
  cpSync(join(ROOT, 'package-lock.json'), join(app, 'package-lock.json'))
  run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: app })
  rmSync(join(app, 'package-lock.json'))
  rmSync(join(app, 'node_modules', 'better-sqlite3', 'src'), { recursive: true })
  rmSync(join(app, 'node_modules', '.package-lock.json'))
  rmSync(join(app, 'node_modules', '.bin'), { recursive: true, force: true })
  prune(join(app, 'node_modules'))
}

function prune(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && UNREAD_FOLDERS.has(entry.name)) rmSync(path, { recursive: true })
    else if (entry.isDirectory()) prune(path)
    else if (UNREAD.test(entry.name) && !KEPT.test(entry.name)) rmSync(path)
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}
