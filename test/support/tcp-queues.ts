// What two ends of a TCP connection on this machine have not read of each other yet, as the kernel tells it.

import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * Octets that were written to `socket` and that the process at its other end, on this machine, has read.
 * Source: /proc/net/tcp, of which tx_queue and rx_queue count octets (Linux, Documentation/networking/proc_net_tcp.rst).
 */
export function octetsTaken(socket: Socket): number {
  const [local, remote] = [hex(socket.localPort), hex(socket.remotePort)]
  let waiting = 0
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, from, to, , queues = ''] = line.trim().split(/\s+/)
    const [sending, unread] = queues.split(':').map((octets) => Number.parseInt(octets, 16))
    if (from?.endsWith(local) && to?.endsWith(remote)) waiting += sending ?? 0
    if (from?.endsWith(remote) && to?.endsWith(local)) waiting += unread ?? 0
  }
  return socket.bytesWritten - socket.writableLength - waiting
}

function hex(port = 0): string {
  return `:${port.toString(16).toUpperCase().padStart(4, '0')}`
}
