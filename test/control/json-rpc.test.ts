// Commands by name and JSON-RPC 2.0, without a door.

import t from 'tap'
import { CommandError, type ControlCommand } from '../../lib/control/command.js'
import { JsonRpc } from '../../lib/control/json-rpc.js'
import { Registry } from '../../lib/control/registry.js'

const echo: ControlCommand = {
  name: 'echo',
  aliases: ['test:echo'],
  help: 'says it again',
  parameters: [
    { name: 'text', help: 'what to say' },
    { name: 'times', help: 'how often', isOptional: true },
  ],
  run: ({ text, times }) => ({ text: text!, times: times ?? null }),
  lines: (answer) => [`said ${(answer as { text: string }).text}`],
}
const refusing: ControlCommand = {
  name: 'refusing',
  help: 'never does it',
  parameters: [],
  run() {
    throw new CommandError('refused', 'not today')
  },
}
const broken: ControlCommand = {
  name: 'broken',
  help: 'is wrong',
  parameters: [],
  run() {
    throw new Error('a secret')
  },
}

function rpc() {
  const faults: Error[] = []
  const one = new JsonRpc(new Registry([echo, refusing, broken]), (error) => faults.push(error))
  const ask = async (text: unknown) => {
    const answer = await one.answer(typeof text === 'string' ? text : JSON.stringify(text))
    return answer === undefined ? undefined : JSON.parse(answer)
  }
  return { ask, faults }
}

const call = (method: string, params?: unknown, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
})

t.test('calls by position and by name, by name and alias', async (t) => {
  const { ask } = rpc()
  t.same(await ask(call('echo', ['a'])), { jsonrpc: '2.0', id: 1, result: { text: 'a', times: null } })
  t.match(await ask(call('test:echo', { times: 3, text: 'b' }, 'x')), {
    id: 'x',
    result: { text: 'b', times: '3' },
  })
  t.match(await ask(call('shown', ['echo', 'c'])), { result: ['said c'] })
  t.match(await ask(call('commands')), {
    result: [{ name: 'echo', aliases: ['test:echo'] }, {}, {}, { name: 'commands' }],
  })
})

t.test('what is wrong with a call is told by its code', async (t) => {
  const { ask, faults } = rpc()
  const codes: [unknown, number, RegExp][] = [
    ['{', -32700, /no JSON/],
    ['', -32700, /no JSON/],
    ['7', -32600, /no call/],
    ['null', -32600, /no call/],
    [{ id: 1, method: 'echo' }, -32600, /no call/],
    [call('echo', 'a'), -32600, /no call/],
    [call('echo', ['a'], {}), -32600, /no call/],
    [[], -32600, /without calls/],
    [Array.from({ length: 101 }, () => call('echo', ['a'])), -32600, /at most 100/],
    [call('ech', ['a']), -32601, /did you mean echo/],
    [call('toString'), -32601, /no command/],
    [call('echo'), -32602, /needs text/],
    [call('echo', ['a', 1, 2]), -32602, /at most 2/],
    [call('commands', ['a']), -32602, /no arguments/],
    [call('echo', { text: 'a', other: 1 }), -32602, /no parameter "other"/],
    [call('echo', [{}]), -32602, /neither a text nor a number/],
    [call('shown', []), -32602, /takes a command/],
    [call('shown', { a: 1 }), -32602, /takes a command/],
    [call('refusing'), -32000, /not today/],
    [call('broken'), -32603, /see its log/],
  ]
  for (const [text, code, message] of codes)
    t.match(await ask(text), { jsonrpc: '2.0', error: { code, message } }, JSON.stringify(text).slice(0, 60))
  t.equal(faults.length, 1)
})

t.test('batches are answered in their order, notifications not at all', async (t) => {
  const { ask } = rpc()
  const note = { jsonrpc: '2.0', method: 'echo', params: ['n'] }
  t.equal(await ask(note), undefined)
  t.equal(await ask({ ...note, method: 'nope' }), undefined)
  t.equal(await ask([note, note]), undefined)
  t.match(await ask([call('echo', ['a'], 1), note, 7, call('echo', ['b'], 2)]), [
    { id: 1, result: { text: 'a' } },
    { id: null, error: { code: -32600 } },
    { id: 2, result: { text: 'b' } },
  ])
})
