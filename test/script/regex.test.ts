// Regular expressions: POSIX extended, case ignored, and no text that takes more than its length.

import t from 'tap'
import { compileRegex, regexFor } from '../../lib/script/regex.js'
import { compileSubstitution, substitute } from '../../lib/script/substitution.js'
import { Random } from '../support/random.js'

const matches = (posix: string, text: string) => compileRegex(posix)(text)

function table(name: string, rows: [posix: string, yes: string[], no: string[]][]): void {
  t.test(name, async (t) => {
    for (const [posix, yes, no] of rows) {
      for (const text of yes) t.equal(matches(posix, text), true, `${posix} in ${JSON.stringify(text)}`)
      for (const text of no) t.equal(matches(posix, text), false, `${posix} not in ${JSON.stringify(text)}`)
    }
  })
}

table('case is ignored and nothing anchored', [
  ['(INVITE|REGISTER)$', ['invite', 'reINVITE'], ['invited']],
  ['friendly-scanner', ['X FRIENDLY-SCANNER x'], ['friendly scanner']],
  ['', ['', 'anything'], []],
])

table('^ and $ are the ends of the text, and no line feed is', [
  ['^b', ['b'], ['a\nb']],
  ['a$', ['a'], ['a\n', 'a\nb']],
  ['a.b', ['a\nb'], ['ab']],
  ['a[^x]b', ['a\nb'], []],
])

table('a text ends at its first NUL', [
  ['b', ['ab'], ['a\0b']],
  ['a$', ['a\0b'], []],
  ['(b|c)', [], ['a\0b']],
])

table('classes of POSIX and of GNU; \\d is a digit', [
  ['^[[:digit:]]+$', ['0123'], ['12a']],
  ['^[[:alpha:]_]+$', ['ab_Z'], ['a1']],
  ['^[^[:space:]]+$', ['a'], ['a b']],
  ['^\\d{3}$', ['200'], ['20', 'ddd']],
  ['(\\d|\\-|\\w|\\@){5,120}', ['a-b@1'], ['a b']],
  ['^\\w+\\W\\s\\S$', ['ab: c'], ['ab:c']],
  ['\\bcat\\b', ['a cat.'], ['concat']],
  ['\\<cat\\>', ['a cat.'], ['concat', 'cats']],
  ['a\\Bt', ['cats'], ['a t']],
  ['^[\\d.]+$', ['1.2'], ['d', '\\']],
])

table('in brackets a backslash is itself', [
  ['^[\\.]$', ['.', '\\'], ['a']],
  ['^[a\\]b]$', ['ab]', '\\b]'], ['a', ']']],
  ['^[]a]$', [']', 'a'], ['[']],
  ['^[^]a]$', ['b', '['], [']', 'a']],
  ['^[[]$', ['['], [']']],
  ['^[a-]$', ['-'], ['b']],
  ['^[[.-.]x]$', ['-', 'x'], ['.', '[']],
  ['^[[=a=]]$', ['A'], ['=']],
  ['^[^^]$', ['a'], ['^']],
])

table('what else is written otherwise', [
  ['^a{,2}$', ['', 'a', 'aa'], ['aaa', 'a{,2}']],
  ['^\\n$', ['n'], ['\n']],
  ['^\\0$', ['0'], []],
  ['^\\.\\*\\@\\/$', ['.*@/'], []],
  ['a*?$', ['', 'aa'], []],
])

t.test('what is no expression, in a sentence', async (t) => {
  const wrong: [string, RegExp][] = [
    ['(a)\\1', /^"\(a\)\\1" has the back-reference \\1, which/],
    ['(', /^"\(" is no regular expression: missing closing \)$/],
    ['a)', /is no regular expression/],
    ['[abc', /^"\[abc" is no regular expression: missing closing \]$/],
    ['[]abc', /missing closing \]/],
    ['[[:nothing:]]', /is no regular expression/],
    ['[[.space.]]', /\[\.space\.\] is no character/],
    ['*a', /is no regular expression/],
    ['a\\', /is no regular expression/],
    ['a{2,1}', /is no regular expression/],
  ]
  for (const [posix, message] of wrong) t.throws(() => compileRegex(posix), { message }, posix)
})

/** Of characters that mean the same here and there. */
function randomPattern(random: Random, depth = 0): string {
  const atom = () => {
    const kind = random.below(depth < 3 ? 6 : 4)
    if (kind < 3) return random.pick(['a', 'b', 'C', '1', '-', ' ', '.'])
    if (kind === 3) return random.pick(['[ab]', '[^a]', '[b-d1]', '\\w', '\\d', '\\s', '\\.'])
    return `(${randomPattern(random, depth + 1)})`
  }
  const piece = () => atom() + random.pick(['', '', '', '*', '+', '?', '{1,2}'])
  const branch = () => Array.from({ length: 1 + random.below(3) }, piece).join('')
  const branches = Array.from({ length: 1 + random.below(2) }, branch).join('|')
  return depth > 0 ? branches : random.pick(['', '^']) + branches + random.pick(['', '$'])
}

t.test('random expressions, against the engine of JavaScript', async (t) => {
  const random = new Random(5)
  const text = () => Array.from({ length: random.below(9) }, () => random.pick([...'aAbBcd1- .\n'])).join('')
  const wrong: string[] = []
  let yes = 0
  for (let i = 0; i < 1500; i++) {
    const pattern = randomPattern(random)
    const ours = compileRegex(pattern)
    const theirs = new RegExp(pattern, 'is')
    for (const subject of [text(), text(), text()]) {
      const expected = theirs.test(subject)
      if (expected) yes++
      if (ours(subject) !== expected) wrong.push(`${pattern} in ${JSON.stringify(subject)}: ${!expected}`)
    }
  }
  t.same(wrong, [])
  t.ok(yes > 500 && yes < 4000, `${yes} of 4500 match`)
})

t.test('expressions that take years by trying, against a header of 64 kB', async (t) => {
  const header = `${'a'.repeat(65_000)}!`
  for (const posix of ['^(a|a)*$', '^(a*)*b', '^(a+)+$', '(x+x+)+y', '^(a|aa)+$', '^(.*a){20}$'])
    t.equal(matches(posix, header), false, posix)
})

t.test('expressions that come while messages do are kept, and bounded', async (t) => {
  t.equal(regexFor('^kept$'), regexFor('^kept$'), 'the same again')
  for (let i = 0; i < 300; i++) {
    regexFor(`(of|many)${i}`)
    regexFor('^kept$')
  }
  const first = regexFor('(of|many)0')
  t.equal(first('many0'), true)
  t.throws(() => regexFor('('), { message: /no regular expression/ })
  t.throws(() => regexFor('('), { message: /no regular expression/ }, 'also when it is known to be bad')
  t.throws(() => regexFor('a'.repeat(5000)), { message: /more than 4096 characters/ })
  t.throws(() => regexFor('.{1000}.{1000}'), { message: /counts of more than 1000/ })
  t.equal(regexFor('^.{1000}$')('x'.repeat(1000)), true)
})

const replaced = (written: string, text: string) => substitute(compileSubstitution(written), text)

t.test('substitutions', async (t) => {
  t.equal(replaced('/^(.)(.*)$/\\2\\1/', 'abc'), 'bca', '\\N are groups')
  t.equal(replaced('/b/[\\0]/', 'abc'), 'a[b]c', '\\0 is all of it')
  t.equal(replaced('/a/x/', 'aaa'), 'xaa', 'once')
  t.equal(replaced('/a/x/g', 'aAa'), 'xAx', 'g: each')
  t.equal(replaced('/a/x/gi', 'aAa'), 'xxx', 'i: in either case')
  t.equal(replaced('/nothing/x/', 'abc'), 'abc', 'no match gives the subject back')
  t.equal(replaced('/a.*/x/', 'ab\ncd'), 'x\ncd', '. does not cross a line')
  t.equal(replaced('/a[^x]*/x/', 'ab\ncd'), 'x\ncd', 'nor does a bracket')
  t.equal(replaced('/a.*/x/s', 'ab\ncd'), 'x', 's: it does')
  t.equal(replaced('/a[^x]*/x/s', 'ab\ncd'), 'x', 's: so does a bracket')
  t.equal(replaced('/^c/x/', 'ab\ncd'), 'ab\nxd', 'a line has its own ^')
  t.equal(replaced('#a/b#c/d#', 'a/b'), 'c/d', 'another delimiter')
  t.equal(replaced('/a\\/b/c\\/d/', 'a/b'), 'c/d', 'the delimiter behind a backslash')
  t.equal(replaced('/a/\\\\/', 'a'), '\\', 'a backslash behind a backslash')
  t.equal(replaced('/(a)|(b)/<\\1\\2\\3>/g', 'ab'), '<a><b>', 'groups that are not there are empty')
  t.equal(replaced('/x*/-/g', 'abc'), '-a-b-c-', 'an empty match goes on')
})

t.test('what is no substitution, in a sentence', async (t) => {
  for (const written of ['', '/', '/a', '/a/b', '/a/b/g/', '//b/']) {
    t.throws(() => compileSubstitution(written), { message: /is no substitution: write it like/ }, written)
  }
  t.throws(() => compileSubstitution('/a/b/x'), { message: /has the flag x: flags are i, g and s/ })
  t.throws(() => compileSubstitution('/(/b/'), { message: /is no regular expression/ })
})
