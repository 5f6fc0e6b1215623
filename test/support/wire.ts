// A cable between two network namespaces: what is sent at one end is captured at the other.

import { execFileSync } from 'node:child_process'
import { Namespace } from './namespace.js'

export const NEAR = '10.98.0.1'
export const FAR = '10.98.0.2'
/** Nobody's address: what is sent to it is seen at the far end, and ends there. */
export const THERE = '10.98.0.9'

/** Made by root; its ends have the same name. */
export class Wire {
  readonly near = new Namespace()
  readonly far = new Namespace()
  readonly device = 'eth0'

  constructor() {
    const ip = (...args: string[]) => execFileSync('ip', args)
    const [a, b] = [`${this.near.name.slice(-8)}a`, `${this.far.name.slice(-8)}b`]
    ip('link', 'add', a, 'type', 'veth', 'peer', 'name', b)
    for (const [link, { name }, address] of [
      [a, this.near, NEAR],
      [b, this.far, FAR],
    ] as const) {
      ip('link', 'set', link, 'netns', name, 'name', this.device)
      ip('-n', name, 'address', 'add', `${address}/24`, 'dev', this.device)
      ip('-n', name, 'link', 'set', this.device, 'up')
    }
    ip('-n', this.near.name, 'neighbour', 'add', THERE, 'lladdr', '02:00:00:00:00:09', 'dev', this.device)
  }

  delete(): void {
    this.near.delete()
    this.far.delete()
  }
}
