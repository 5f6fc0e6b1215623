// What a program hands on to itself: each thing is there once, and nothing of it is left when the start is over.

import { closeSync, fstatSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import t from 'tap'
import { binding } from '../../lib/binding.js'
import { INHERITED, Inheritance } from '../../lib/privileges/inheritance.js'

const read = (text: string) => () => Buffer.from(text)

function handedOn(first: Inheritance, sockets: Record<string, number[][]> = {}): Inheritance {
  const environment = { [INHERITED]: String(first.handOn(sockets)), OTHER: 'stays' }
  const second = Inheritance.from(environment)
  t.same(environment, { OTHER: 'stays' })
  return second
}

t.test('nothing is there without a word in the environment', async (t) => {
  const none = Inheritance.from({})
  t.equal(none.isThere, false)
  t.same(none.takeSockets('udp  9060'), [])
  t.equal(none.file('/a', read('one')).toString(), 'one')
  t.equal(none.file('/a', read('two')).toString(), 'two', 'files are read again')
  t.same(none.paths, ['/a'])
})

t.test('files are what they were, until the start is over', async (t) => {
  const first = new Inheritance()
  const octets = Buffer.from([0, 255, 10, 128])
  first.file('/octets', () => octets)
  first.file('/text', read('old'))
  const second = handedOn(first)
  t.equal(second.isThere, true)
  t.same(second.file('/octets', read('new')), octets)
  t.equal(second.file('/text', read('new')).toString(), 'old')
  t.equal(second.file('/text', read('new')).toString(), 'old')
  t.equal(second.file('/unknown', read('new')).toString(), 'new')
  second.end()
  t.equal(second.file('/text', read('new')).toString(), 'new')
})

t.test('sockets are taken once, in their order; the rest is closed', async (t) => {
  const [one, other, spare] = [0, 0, 0].map(() => binding.openTcp('127.0.0.1', 0))
  const second = handedOn(new Inheritance(), { 'tcp a': [one!, other!], 'tcp b': [spare!] })
  t.same(second.takeSockets('tcp a'), one)
  t.same(second.takeSockets('tcp a'), other)
  t.same(second.takeSockets('tcp a'), [])
  second.end()
  t.throws(() => fstatSync(spare![0]!), { code: 'EBADF' })
  for (const fd of [...one!, ...other!]) closeSync(fd)
})

t.test('a socket that is bound becomes a listener', async (t) => {
  const [fd] = binding.openTcp('', 0)
  const server = createServer((socket) => socket.end('here'))
  await new Promise<void>((resolve) => server.listen({ fd }, resolve))
  const { port } = server.address() as { port: number }
  for (const host of ['127.0.0.1', '::1']) {
    const answer = await new Promise((resolve) => connect(port, host, () => {}).once('data', resolve))
    t.equal(String(answer), 'here')
  }
  server.close()
})

t.test('a descriptor that is not open is a fault', async (t) => {
  t.throws(() => binding.keepFromChildren([1_000_000]), { code: 'EBADF', syscall: 'fcntl F_SETFD' })
  t.throws(() => binding.account('no-such-user', ''), { code: 'ENOENT', syscall: 'getpwnam no-such-user' })
  t.throws(() => binding.account('', 'no-such-group'), { code: 'ENOENT' })
  t.match(binding.account('0', ''), { name: 'root', uid: 0, gid: 0 })
  t.match(binding.account('54321', '54322'), { name: '', uid: 54321, gid: 54322, groups: [54322] })
})
