// Three MariaDB servers that are one cluster, for a test: each on an address of its own, all on the same ports.

import { existsSync } from 'node:fs'
import { freePort, MariadbServer, NO_MARIADB } from './mariadb-server.js'
import { until } from './tools.js'

const PROVIDER = '/usr/lib/galera/libgalera_smm.so'
const PATIENCE_MS = 60_000

/** false when the servers are installed, else the reason to skip. */
export const NO_GALERA = NO_MARIADB || (!existsSync(PROVIDER) && 'galera-4 is not installed')

export class GaleraCluster {
  readonly nodes: MariadbServer[] = []

  /** Hosts are of the loopback; the first node is the one that the others join. */
  static async start(hosts: string[]): Promise<GaleraCluster> {
    const cluster = new GaleraCluster()
    const ports = { group: await freePort(hosts[0] as string), state: await freePort(hosts[0] as string) }
    const members = hosts.map((host) => `${host}:${ports.group}`).join(',')
    try {
      for (const [index, host] of hosts.entries()) {
        const settings = [...settingsOf(host, ports), `--wsrep-cluster-address=gcomm://${members}`]
        const first = index === 0 ? ['--wsrep-new-cluster'] : []
        const node = await MariadbServer.startEmpty({ host, settings: [...settings, ...first] })
        cluster.nodes.push(node)
        if (index === 0) await node.createOurs()
        await until(async () => (await cluster.sizeAt(node)) === index + 1, PATIENCE_MS)
      }
    } catch (error) {
      await cluster.remove()
      throw error
    }
    return cluster
  }

  /** Members that this node sees, 0 while it takes no rows. */
  async sizeAt(node: MariadbServer): Promise<number> {
    const rows = await node
      .query<{ Variable_name: string; Value: string }>(
        "SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_ready')",
      )
      .catch(() => [])
    const found = new Map(rows.map(({ Variable_name, Value }) => [Variable_name, Value]))
    return found.get('wsrep_ready') === 'ON' ? Number(found.get('wsrep_cluster_size')) : 0
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()))
  }
}

function settingsOf(host: string, { group, state }: { group: number; state: number }): string[] {
  const provider = {
    base_host: host,
    base_port: group,
    'gmcast.listen_addr': `tcp://${host}:${group}`,
    'ist.recv_addr': `${host}:${state}`,
    'gcache.size': '64M',
    // A node that was killed is given up after seconds, not a quarter of a minute.
    'evs.keepalive_period': 'PT0.5S',
    'evs.suspect_timeout': 'PT2S',
    'evs.inactive_timeout': 'PT4S',
  }
  const all = Object.entries(provider).map(([name, value]) => `${name}=${value}`)
  return [
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    '--wsrep-on=ON',
    `--wsrep-provider=${PROVIDER}`,
    `--wsrep-provider-options=${all.join(';')}`,
    '--wsrep-cluster-name=hepcapd',
    `--wsrep-node-address=${host}`,
    `--wsrep-node-name=${host}`,
    `--wsrep-sst-receive-address=${host}:${state + 1}`,
    '--wsrep-sst-method=rsync',
  ]
}
