// Headers found in the octets of a message: names, folds, several of a name, and what hostile ones cost.

import t from 'tap'
import { digestParameter, headerValue, headerValues, nameAddr, unfolded } from '../../lib/sip/headers.js'
import { Random } from '../support/random.js'

const message = (...lines: string[]) =>
  Buffer.from(`OPTIONS sip:x SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\nVia: body`)

t.test('a name is found in any case, full or compact, with blanks before its colon', async (t) => {
  for (const written of ['Subject', 'SUBJECT', 'subject', 's', 'S']) {
    for (const wanted of ['subject', 'Subject', 's', 'S']) {
      t.equal(headerValue(message('X: 1', `${written} \t: hello`), wanted), 'hello', `${written}, ${wanted}`)
    }
  }
  t.equal(headerValue(message('Sub: 1', 'Subjects: 2'), 'subject'), undefined, 'no part of a name')
  t.equal(headerValue(message('Subject:'), 'subject'), '', 'one that is empty is there')
})

t.test('several of a name by index, from 0 or from the end; a list with commas is one value', async (t) => {
  const found = message('Via: a, b', 'X: 1', 'v: c', 'VIA: d')
  t.same(headerValues(found, 'via'), ['a, b', 'c', 'd'])
  t.equal(headerValue(found, 'via', 1), 'c')
  t.equal(headerValue(found, 'via', -1), 'd')
  t.equal(headerValue(found, 'via', -3), 'a, b')
  t.equal(headerValue(found, 'via', 3), undefined)
  t.equal(headerValue(found, 'via', -4), undefined)
})

t.test('a fold reads as one space, also one of bare line feeds', async (t) => {
  t.equal(headerValue(message('X: one \r\n \t two\r\n\tthree', 'Y: 1'), 'x'), 'one two three')
  t.equal(headerValue(Buffer.from('A b c\nX: one\n two\nY: 1\n\n'), 'x'), 'one two')
})

t.test('the body has no headers, and neither has the start line', async (t) => {
  t.same(headerValues(message('X: 1'), 'via'), [])
  t.same(
    headerValues(Buffer.from('\r\n\r\nVia: x\r\nVia: y\r\n\r\n'), 'via'),
    ['y'],
    'empty lines come before it',
  )
  t.same(headerValues(Buffer.alloc(0), 'via'), [])
  t.same(headerValues(Buffer.from('A b c\r\nVia: cut'), 'via'), ['cut'])
})

t.test('no name is special to the language that this is written in', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '']) {
    t.equal(headerValue(message('X: 1'), name), undefined, name)
  }
  t.equal(headerValue(message('constructor: 1'), 'Constructor'), '1')
})

/** Character by character. */
function unfoldedSlowly(text: string): string {
  let out = ''
  for (let at = 0; at < text.length; ) {
    let end = at
    while (end < text.length && ' \t\r\n'.includes(text[end]!)) end++
    const run = text.slice(at, end)
    out += /[\r\n]/.test(run) ? ' ' : run
    if (end === at) out += text[end++]
    at = end
  }
  return out
}

t.test('unfolding random texts', async (t) => {
  const random = new Random(7)
  const texts = Array.from({ length: 2000 }, () =>
    Array.from({ length: random.below(12) }, () => random.pick(['a', ' ', '\t', '\r', '\n', '\r\n'])).join(
      '',
    ),
  )
  t.same(texts.map(unfolded), texts.map(unfoldedSlowly))
})

t.test('spaces without an end cost their length, not its square', async (t) => {
  const spaces = ' '.repeat(1 << 24)
  t.equal(unfolded(`a${spaces}b\r\n c`).length, spaces.length + 4)
})

t.test('the parts of a name and its address', async (t) => {
  t.same(nameAddr('"A \\" <b>" <sip:a@b;x=y>;tag=1'), { displayName: 'A \\" <b>', uri: 'sip:a@b;x=y' })
  t.same(nameAddr('Bob B <sip:bob@b>'), { displayName: 'Bob B', uri: 'sip:bob@b' })
  t.same(nameAddr('sip:bob@b;tag=1'), { displayName: '', uri: 'sip:bob@b' })
  t.same(nameAddr('<sip:bob@b'), { displayName: '', uri: 'sip:bob@b' }, 'never closed')
  t.same(nameAddr('"Bob'), { displayName: '', uri: '' }, 'nothing but a name that is never closed')
})

t.test('parameters of credentials', async (t) => {
  const given = 'Digest username="a,b=\\"c\\"", REALM=r ,uri="sip:x", nonce="'
  t.equal(digestParameter(given, 'username'), 'a,b=\\"c\\"')
  t.equal(digestParameter(given, 'realm'), 'r')
  t.equal(digestParameter(given, 'uri'), 'sip:x')
  t.equal(digestParameter(given, 'b'), undefined, 'inside of quotes')
  t.equal(digestParameter(given, 'opaque'), undefined)
  t.equal(digestParameter(given, 'nonce'), '')
})
