// A user without rights, and what the kernel says that each thread of a process may.

import { execFileSync } from 'node:child_process'
import { chownSync, readdirSync, readFileSync } from 'node:fs'
import { addonPath } from '../../lib/binding.js'
import { missing } from './tools.js'

export const NOBODY = 'nobody'
export const NET_RAW = 1n << 13n

/** false where tests may become `nobody`, and that one may run the program; else the reason to skip. */
export function noPrivileges(): string | false {
  if (process.getuid?.() !== 0) return 'giving privileges up needs root'
  const noTool = missing('setpriv')
  if (noTool) return noTool
  try {
    execFileSync('setpriv', [
      ...asNobody(),
      process.execPath,
      '-e',
      `process.dlopen({exports:{}}, '${addonPath}')`,
    ])
    return false
  } catch {
    return 'nobody may not read this folder, or not run this node'
  }
}

function asNobody(): string[] {
  return ['--reuid', NOBODY, '--regid', String(idOf('-g')), '--clear-groups']
}

/** A command that runs another as nobody, with these capabilities as systemd's AmbientCapabilities= gives them. */
export function withAmbient(...names: string[]): string[] {
  const list = names.map((name) => `+${name}`).join(',')
  const sets = list === '' ? [] : ['--inh-caps', list, '--ambient-caps', list]
  return ['setpriv', ...asNobody(), ...sets]
}

export function idOf(which: '-u' | '-g', name = NOBODY): number {
  return Number(execFileSync('id', [which, name], { encoding: 'utf8' }))
}

export function giveToNobody(path: string): string {
  chownSync(path, idOf('-u'), idOf('-g'))
  return path
}

export interface ThreadStatus {
  /** Real, effective, saved and file system ids. */
  uids: number[]
  gids: number[]
  groups: number[]
  /** Effective, permitted, bounding, inheritable, ambient. */
  capabilities: bigint[]
  bounding: bigint
  noNewPrivileges: boolean
}

/** Of every thread that the process has. */
export function threadsOf(pid: number | undefined): ThreadStatus[] {
  const folder = `/proc/${pid}/task`
  return readdirSync(folder).map((thread) => statusOf(readFileSync(`${folder}/${thread}/status`, 'utf8')))
}

function statusOf(text: string): ThreadStatus {
  const fields = new Map(text.split('\n').map((line) => line.split(':\t') as [string, string]))
  const numbers = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean).map(Number)
  const set = (name: string) => BigInt(`0x${fields.get(name)}`)
  return {
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    capabilities: ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'].map(set),
    bounding: set('CapBnd'),
    noNewPrivileges: fields.get('NoNewPrivs') === '1',
  }
}
