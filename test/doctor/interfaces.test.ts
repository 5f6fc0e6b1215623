// `hepcapd doctor` on interfaces that are made for it: gone, down, without a peer, with offloads that merge.

import { execFileSync } from 'node:child_process'
import t from 'tap'
import { examined } from '../support/doctor.js'
import { Namespace, noNamespaces } from '../support/namespace.js'
import { missing } from '../support/tools.js'

t.setTimeout(240_000)

t.test('interfaces that are down, gone, or without a peer', { skip: noNamespaces() }, async (t) => {
  const namespace = new Namespace()
  t.teardown(() => namespace.delete())
  namespace.ip('link', 'add', 'near0', 'type', 'veth', 'peer', 'name', 'far0')
  const capture = (name: string, ...more: string[]) =>
    examined(
      ['--moni', '-i', name, '--ring-size', '4MiB', '--db-url', 'none:', '--no-self-test', ...more],
      namespace.exec,
    )
  const gone = await capture('nix')
  t.equal(gone.status, 1)
  t.match(gone.of('interface'), { level: 'fault', what: /no interface nix; there are .*near0/ })
  const down = await capture('near0')
  t.equal(down.status, 1)
  t.match(down.of('link'), { level: 'fault', what: 'near0 is down', cure: 'ip link set near0 up' })
  namespace.ip('link', 'set', 'near0', 'up')
  const alone = await capture('near0')
  t.equal(alone.status, 0)
  t.match(alone.of('link'), { level: 'warning', what: /no carrier/ })
  namespace.ip('link', 'set', 'far0', 'up')
  namespace.ip('link', 'set', 'near0', 'mtu', '9000')
  const well = await capture('near0', '--snaplen', '1500')
  t.match(well.of('link'), { level: 'ok', what: /Ethernet frames, MTU 9000/ })
  t.match(well.of('snaplen'), { level: 'warning', cure: '--snaplen 65535' })
  t.match(well.of('promiscuous'), { level: 'hint' })
})

t.test('what ethtool says of offloads', { skip: noNamespaces() || missing('ethtool') }, async (t) => {
  const namespace = new Namespace()
  t.teardown(() => namespace.delete())
  namespace.ip('link', 'add', 'near0', 'up', 'type', 'veth', 'peer', 'name', 'far0')
  namespace.ip('link', 'set', 'far0', 'up')
  const ethtool = (...args: string[]) =>
    execFileSync('ip', [...namespace.exec.slice(1), 'ethtool', ...args], { encoding: 'utf8' })
  const found = async () => {
    const args = ['--moni', '-i', 'near0', '--promisc', '--db-url', 'none:', '--no-self-test']
    return (await examined(args, namespace.exec)).findings.filter(({ check }) => check === 'offload')
  }
  ethtool('-K', 'near0', 'gro', 'on', 'rx-udp-gro-forwarding', 'on')
  t.match(ethtool('-k', 'near0'), /rx-udp-gro-forwarding: on/)
  const [merging] = await found()
  t.match(merging, { level: 'warning', cure: 'ethtool -K near0 rx-udp-gro-forwarding off' })
  execFileSync('sh', ['-c', `ip netns exec ${namespace.name} ${merging?.cure}`])
  t.match(await found(), [{ level: 'ok', what: /gro merges TCP segments/ }])
  ethtool('-K', 'near0', 'gro', 'off')
  t.match(await found(), [{ level: 'ok', what: /^near0: (?!gro)/ }])
})
