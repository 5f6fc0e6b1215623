// Files that include others: where they are looked for, what stands where, and what cannot go on for ever.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RefusedError, renderFault } from '../../lib/errors.js'
import { parseScript } from '../../lib/script/parser.js'
import { filesOf, parse } from '../support/parse.js'
import { routeTree } from '../support/script-tree.js'

const says = (text: string, files: Record<string, string>, file = 'test.cfg') =>
  parseScript(file, { text, readFile: filesOf(files) })
    .faults.map(renderFault)
    .join('\n')

t.test('what is included stands where the line stands', async (t) => {
  const files = { 'a.cfg': 'children=1\nroute[a] { exit; }', 'b.cfg': 'drop;', 'c.cfg': '} route[c] {' }
  const script = parse('include_file "a.cfg"\nroute { include_file "b.cfg"; import_file "c.cfg"\nexit; }', {
    readFile: filesOf(files),
  })
  t.same(script.routes.map(routeTree), ['(route a (exit))', '(route (drop))', '(route c (exit))'])
  t.match(script.routes[0]?.at, { file: 'a.cfg', line: 2, column: 1 })
  t.match(script.routes[1]?.body[0]?.at, { file: 'b.cfg', line: 1, column: 1 })
  t.match(script.routes[2], {
    at: { file: 'c.cfg', column: 3 },
    body: [{ at: { file: 'test.cfg', line: 3 } }],
  })
})

t.test(
  'a file is looked for from the working directory, then next to the one that includes it',
  async (t) => {
    const text = 'include_file "sub/a.cfg"'
    const found = (files: Record<string, string>) => {
      const { script } = parseScript('/etc/dir/main.cfg', { text, readFile: filesOf(files) })
      return script?.routes.map(({ at }) => at.file)
    }
    t.same(found({ 'sub/a.cfg': 'route {}', '/etc/dir/sub/a.cfg': '' }), ['sub/a.cfg'])
    t.same(found({ '/etc/dir/sub/a.cfg': 'include_file "b.cfg"', '/etc/dir/sub/b.cfg': 'route {}' }), [
      '/etc/dir/sub/b.cfg',
    ])
  },
)

t.test('from the disk', async (t) => {
  const dir = t.testdir({ 'main.cfg': 'include_file "sub/a.cfg"\nroute {}', sub: { 'a.cfg': 'route[a] {}' } })
  const { script, faults } = parseScript(join(dir, 'main.cfg'))
  t.same(faults, [])
  t.same(
    script?.routes.map(({ at }) => at.file),
    [join(dir, 'sub/a.cfg'), join(dir, 'main.cfg')],
  )
})

t.test('a missing file', async (t) => {
  t.equal(says('import_file "none.cfg"\nroute {}', {}), '')
  t.equal(
    says('route {}\n  include_file "none.cfg"', {}),
    'test.cfg:2:16: error: the file `none.cfg` does not exist; correct its name, or write `import_file`, which may be missing\n' +
      '  include_file "none.cfg"\n               ^',
  )
})

t.test('a file that includes itself, also by a detour', async (t) => {
  t.equal(
    says('include_file "./dir/../test.cfg"', { './dir/../test.cfg': '' }),
    'test.cfg:1:14: error: `./dir/../test.cfg` includes itself; take one of the two lines out\n' +
      'include_file "./dir/../test.cfg"\n             ^',
  )
  t.equal(
    says('include_file "a.cfg"', { 'a.cfg': '\n\timport_file "b.cfg"', 'b.cfg': 'include_file "a.cfg"' }),
    'b.cfg:1:14: error: `a.cfg` includes itself; take one of the two lines out\ninclude_file "a.cfg"\n             ^',
  )
})

t.test('one file twice is its own affair', async (t) => {
  t.equal(says('include_file "a.cfg"\ninclude_file "a.cfg"', { 'a.cfg': 'children=1' }), '')
  t.match(
    says('include_file "a.cfg"\ninclude_file "a.cfg"', { 'a.cfg': 'route {}' }),
    /a\.cfg:1:1: error: `route` is defined a second time/,
  )
  t.equal(
    says('include_file "a.cfg"\ninclude_file "a.cfg"', { 'a.cfg': 'route[]{}' }).match(/error/g)?.length,
    1,
  )
})

t.test('too deep, and too many', async (t) => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, i) => [`${i}.cfg`, i + 1 < length ? `include_file "${i + 1}.cfg"` : 'a=1']),
    )
  t.equal(says('include_file "0.cfg"', chain(50)), '')
  t.equal(
    says('include_file "0.cfg"', chain(51)),
    '49.cfg:1:14: error: files include each other more than 50 deep; include them from one file\n' +
      'include_file "50.cfg"\n             ^',
  )
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`${i}.cfg`, `include_file "${i + 1}.cfg"\n`.repeat(2)]),
  )
  t.match(
    says('include_file "0.cfg"', { ...doubling, '40.cfg': '' }),
    /more than 1000 files are included; include each file once/,
  )
})

t.test('faults of several files, in the order of the files', async (t) => {
  const text = 'include_file "a.cfg"\nroute { exit }'
  t.same(
    says(text, { 'a.cfg': 'route[a] { drop }\ninclude_file "b.cfg"', 'b.cfg': '}' }).match(/^\S+: error/gm),
    ['test.cfg:2:13: error', 'a.cfg:1:16: error', 'b.cfg:1:1: error'],
  )
})

t.test('a block that its file does not close, and a text that ends with its file', async (t) => {
  t.equal(says('include_file "a.cfg"\nexit; }', { 'a.cfg': 'route {' }), '')
  t.match(
    says('include_file "a.cfg"\nroute {}', { 'a.cfg': 'mpath="x\n' }),
    /^a\.cfg:1:7: error: the text that begins here is never closed/,
  )
})

t.test('files that cannot be read', async (t) => {
  const dir = t.testdir({ 'inner.cfg': '' })
  mkdirSync(join(dir, 'folder'))
  writeFileSync(join(dir, 'outer.cfg'), 'include_file "folder"')
  t.throws(
    () => parseScript(join(dir, 'none.cfg')),
    new RefusedError({
      code: 'ENOENT',
      syscall: 'open',
      message: `${join(dir, 'none.cfg')}: cannot be read`,
      cure: 'name a file that exists',
    }),
  )
  t.throws(() => parseScript(join(dir, 'folder')), {
    name: 'RefusedError',
    code: 'EISDIR',
    cure: 'name a file that may be read',
  })
  t.match(parseScript(join(dir, 'outer.cfg')).faults, [
    { where: `${join(dir, 'outer.cfg')}:1:14`, what: /cannot be read/ },
  ])
  t.throws(() => parseScript('/dev/zero'), {
    name: 'RefusedError',
    code: 'EFBIG',
    cure: 'name an OpenSIPS script',
  })
  const forbidden = () => {
    throw Object.assign(new Error('no'), { code: 'EACCES', syscall: 'open' })
  }
  t.throws(() => parseScript('x', { text: 'include_file "a"', readFile: forbidden }), {
    name: 'RefusedError',
    code: 'EACCES',
  })
})

t.test('octets that are no text', async (t) => {
  const read = (octets: number[]) => {
    const around = [
      Buffer.from('route { f("'),
      Buffer.from(octets),
      Buffer.from('"); } # '),
      Buffer.from(octets),
    ]
    return parseScript('x', { readFile: () => Buffer.concat(around) })
      .faults.map(renderFault)
      .join('\n')
  }
  t.equal(
    read([0xe9]),
    [
      'x:1:12: error: a text has octets that are not UTF-8; save the file as UTF-8',
      'route { f("\uFFFD"); } # \uFFFD',
      '           ^',
      'x:1:21: warning: a comment has octets that are not UTF-8; save the file as UTF-8',
      'route { f("\uFFFD"); } # \uFFFD',
      '                    ^',
    ].join('\n'),
  )
  t.equal(read([0xef, 0xbf, 0xbd]), '', 'the replacement character itself is a character')
})
