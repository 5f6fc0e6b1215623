// A network namespace of a test's own: every port is free there, and nobody else's traffic is seen.

import { execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { missing } from './tools.js'

/** false where namespaces can be made, else the reason to skip. */
export function noNamespaces(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  return missing('ip')
}

let made = 0

export class Namespace {
  readonly name = `hepcapd-${process.pid}-${++made}`

  constructor() {
    execFileSync('ip', ['netns', 'add', this.name])
    execFileSync('ip', ['-n', this.name, 'link', 'set', 'lo', 'up'])
  }

  /** What `ip` does, done inside. Throws when it cannot. */
  ip(...args: string[]): void {
    execFileSync('ip', ['-n', this.name, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  /** The command that runs another one inside. */
  get exec(): string[] {
    return ['ip', 'netns', 'exec', this.name]
  }

  spawn(command: string, args: string[], options: SpawnOptions = { stdio: 'ignore' }) {
    return spawn('ip', [...this.exec.slice(1), command, ...args], options)
  }

  /** Runs a command to its end and resolves with its exit status. */
  async run(command: string, args: string[], options?: SpawnOptions): Promise<number | null> {
    const [status] = (await once(this.spawn(command, args, options), 'exit')) as [number | null]
    return status
  }

  /** One datagram, from inside to inside. */
  async sendUdp(port: number, text: string): Promise<void> {
    const code =
      'const s=require("dgram").createSocket("udp4");s.send(process.argv[2],+process.argv[1],"127.0.0.1",()=>s.close())'
    await this.run(process.execPath, ['-e', code, String(port), text])
  }

  /** Its hardware address, 6 octets. */
  macOf(device: string): Buffer {
    const [link] = JSON.parse(
      execFileSync('ip', ['-n', this.name, '-j', 'link', 'show', device], { encoding: 'utf8' }),
    )
    return Buffer.from((link as { address: string }).address.replaceAll(':', ''), 'hex')
  }

  delete(): void {
    execFileSync('ip', ['netns', 'delete', this.name])
  }
}
