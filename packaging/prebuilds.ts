// What hepcapd has of native code, built and stripped into prebuilds/ for those who have no compiler. Our addon is
// Node-API, one file for all of Node; better-sqlite3 has a file for each major of it.
// It builds in copies below build-native/: what this checkout runs on stays as it is.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { sqlitePrebuild } from '../lib/sqlite.js'
import { nodeRuntime } from './node-runtime.js'
import { NODES, type NodeRelease } from './nodes.js'
import { ROOT, run } from './run.js'

/** As Node.js names them. */
export const ARCHES = ['x64', 'arm64'] as const
export type Arch = (typeof ARCHES)[number]

const TOOL_PREFIXES: Record<Arch, string> = {
  x64: process.arch === 'x64' ? '' : 'x86_64-linux-gnu-',
  arm64: process.arch === 'arm64' ? '' : 'aarch64-linux-gnu-',
}

/** For this architecture; the cross tools of Debian are in gcc-aarch64-linux-gnu and g++-aarch64-linux-gnu. */
export function tool(arch: Arch, name: string): string {
  return `${TOOL_PREFIXES[arch]}${name}`
}

/** From the project's folder. */
export function addonPrebuild(arch: Arch): string {
  return `prebuilds/linux-${arch}/hepcapd.glibc.node`
}

/** The addon is built anew each time, better-sqlite3 where this version of it is not there yet. */
export function prebuild(arch: Arch, nodes: readonly NodeRelease[]): void {
  const compiler = tool(arch, 'g++')
  if (!isInstalled(compiler)) throw new Error(`${compiler} is not installed: name another --arch`)
  prebuildAddon(arch)
  for (const node of nodes) prebuildSqlite(arch, node)
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What node-gyp is to build with. With ccache the four builds of one SQLite compile it once. */
function toolsFor(arch: Arch, headers: string | undefined): NodeJS.ProcessEnv {
  const cache = isInstalled('ccache') ? 'ccache ' : ''
  return {
    CC: `${cache}${tool(arch, 'gcc')}`,
    CXX: `${cache}${tool(arch, 'g++')}`,
    LINK: tool(arch, 'g++'),
    AR: tool(arch, 'gcc-ar'),
    JOBS: String(availableParallelism()),
    npm_config_nodedir: nodeRuntime('amd64', headers), // every architecture has the same headers
  }
}

/** A folder to build a package in, without what was built in it before. */
function copyOf(folder: string, arch: Arch, parts: string[]): string {
  const copy = join(ROOT, 'build-native', 'prebuild', arch, basename(folder))
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  for (const part of parts) cpSync(join(folder, part), join(copy, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function prebuildAddon(arch: Arch): void {
  const copy = copyOf(ROOT, arch, ['package.json', 'binding.gyp', 'native'])
  const strip = ['--strip', '--strip-bin', tool(arch, 'strip')]
  const target = ['--napi', '--tag-libc', 'glibc', '--arch', arch, '--cwd', copy, '--out', ROOT]
  const prebuildify = join(ROOT, 'node_modules/prebuildify/bin.js')
  run(process.execPath, [prebuildify, ...target, ...strip], { env: toolsFor(arch, NODES[0]?.version) })
}

function prebuildSqlite(arch: Arch, { version, modules, headers = version }: NodeRelease): void {
  const into = join(ROOT, sqlitePrebuild(arch, modules))
  if (existsSync(into)) return
  const parts = ['package.json', 'binding.gyp', 'deps', 'src']
  const copy = copyOf(join(ROOT, 'node_modules/better-sqlite3'), arch, parts)
  const nodeGyp = join(ROOT, 'node_modules/node-gyp/bin/node-gyp.js')
  const env = toolsFor(arch, headers)
  run(process.execPath, [nodeGyp, 'rebuild', '--release', `--arch=${arch}`], { cwd: copy, env })
  const built = join(copy, 'build/Release/better_sqlite3.node')
  run(tool(arch, 'strip'), ['--strip-all', built])
  mkdirSync(dirname(into), { recursive: true })
  cpSync(built, into)
}
