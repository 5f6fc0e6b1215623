// A cable between two network namespaces, for captures.

import { execFileSync } from 'node:child_process'
import { Namespace } from '../../test/support/namespace.js'

/** Of the near end. */
export const HERE = '10.98.0.1'
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
    for (const [link, { name }] of [
      [a, this.near],
      [b, this.far],
    ] as const) {
      ip('link', 'set', link, 'netns', name, 'name', this.device)
      ip('-n', name, 'link', 'set', this.device, 'up')
    }
    ip('-n', this.near.name, 'address', 'add', `${HERE}/24`, 'dev', this.device)
    ip('-n', this.near.name, 'neighbour', 'add', THERE, 'lladdr', '02:00:00:00:00:09', 'dev', this.device)
  }

  delete(): void {
    this.near.delete()
    this.far.delete()
  }
}
