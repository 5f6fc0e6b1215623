// The package as `npm pack` makes it, installed in an empty folder without install scripts; and the Nodes that it has to
// run on, from the npm registry. Nothing here needs a compiler.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Architecture, nodeRuntime } from '../../packaging/node-runtime.js'
import { NODES } from '../../packaging/nodes.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
export const prebuilds = join(root, 'prebuilds')

/** false where everything was prebuilt for this machine, else the reason to skip. */
export const notPrebuilt = existsSync(join(prebuilds, 'linux-x64'))
  ? process.arch === 'x64' && process.platform === 'linux'
    ? false
    : 'this is no x64'
  : 'prebuilds/ is not there: npm run prebuild'

const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']

export class InstalledPackage {
  readonly folder = mkdtempSync(join(tmpdir(), 'hepcapd-package-'))
  readonly tarballBytes: number

  private constructor() {
    const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', this.folder]
    const name = execFileSync('npm', pack, { cwd: root, encoding: 'utf8', stdio: QUIET }).trim()
    this.tarballBytes = statSync(join(this.folder, name)).size
    writeFileSync(join(this.folder, 'package.json'), '{"private":true}\n')
    const cache = `--cache=${join(this.folder, 'empty-cache')}`
    execFileSync('npm', [...INSTALL, cache, join(this.folder, name)], { cwd: this.folder, stdio: QUIET })
  }

  /** A reason to skip where the registry gives nothing. */
  static install(): InstalledPackage | string {
    try {
      return new InstalledPackage()
    } catch {
      return 'npm cannot install: is there a registry?'
    }
  }

  get program(): string {
    return join(this.folder, 'node_modules/hepcapd/dist/bin/hepcapd.js')
  }

  /** Runs hepcapd with this Node, and no program on PATH; `onText` sees what it says on stderr so far. */
  async run(node: string[], args: string[], onText = (_: string, _end: () => void) => {}): Promise<Run> {
    const child = spawn(node[0] as string, [...node.slice(1), this.program, ...args], {
      cwd: this.folder,
      env: { PATH: '/nonexistent' },
    })
    const run: Run = { status: null, out: '', err: '' }
    child.stdout.on('data', (text) => {
      run.out += text
    })
    child.stderr.on('data', (text) => {
      run.err += text
      onText(run.err, () => child.kill('SIGTERM'))
    })
    ;[run.status] = await once(child, 'close')
    return run
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

const QUIET: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']

export interface Run {
  status: number | null
  out: string
  err: string
}

/** The program of a Node release; undefined where the registry has none for us. */
export function nodeProgram(version: string, architecture: Architecture = 'amd64'): string | undefined {
  try {
    return join(nodeRuntime(architecture, version), 'bin/node')
  } catch {
    return undefined
  }
}

export const oldest = NODES[0]?.version as string
