// Statements that hold no others: assignments and jumps, and the `;` behind them.

import type { Argument, AssignOperator, Jump, Statement } from './ast.js'
import { argument } from './parser-calls.js'
import { value } from './parser-expressions.js'
import { isAssignment, type Reader } from './reader.js'
import { quoted } from './source.js'
import { after, isSign, type Token } from './token.js'

/** What was not closed by `;`: reading goes on at once where the next statement seems to begin. */
export function endOfStatement(p: Reader, what: string): void {
  const { previous } = p
  if (p.accept(';')) return
  const found = p.peek()
  if (p.hasJustFailed) return
  if (found.kind === 'sign' && found.text !== '}' && found.text !== '{') {
    const isCondition = found.text === '&&' || found.text === '||'
    p.unexpected(
      `\`;\` after ${what}`,
      isCondition ? 'test conditions with `if`' : 'end the statement with `;`',
    )
  }
  p.noteMissing(`\`;\` after ${what}`, 'end the statement with `;`', after(previous))
  if (found.kind !== 'word' && found.kind !== 'variable' && found.kind !== 'sign') p.skipStatement()
}

export function assignment(p: Reader): Statement {
  const name = p.takeVariableWord()
  const operator = p.peek()
  if (isSign(operator, '==')) {
    p.note(operator.at, 'found `==`, which compares, in an assignment', 'assign with `=`')
  } else if (!isAssignment(operator)) {
    noAssignment(p, name)
  }
  p.next()
  if (p.isSign('=')) p.fail(operator.at, `found \`${operator.text}=\``, 'assign with `=`')
  const given = value(p)
  endOfStatement(p, `the assignment to ${quoted(name.text)}`)
  const written = (operator.text === '==' ? '=' : operator.text) as AssignOperator
  return { type: 'assign', at: name.at, to: p.variable(name), operator: written, value: given }
}

function noAssignment(p: Reader, name: Token): never {
  const found = p.peek()
  if (isSign(found, '(')) {
    p.fail(found.at, `found a blank before the \`(\` of ${quoted(name.text)}`, 'take the blank out')
  }
  if ((isSign(found, '+') || isSign(found, '-')) && p.isSign(found.text, 1)) {
    p.fail(
      found.at,
      `found \`${found.text}${found.text}\``,
      `write ${quoted(`${name.text} ${found.text}= 1;`)}`,
    )
  }
  return p.unexpected(`an assignment after ${quoted(name.text)}`, `write ${quoted(`${name.text} = ...;`)}`)
}

export function plainJump(p: Reader): Jump {
  const { at, text } = p.next()
  const type = text.toLowerCase() as 'exit' | 'drop' | 'break'
  if (p.accept('(')) p.expect(')', `after \`${type}(\``, `write \`${type};\``)
  endOfStatement(p, `\`${type}\``)
  return { type, at }
}

/** `return`, `return n`, `return(n, value, ...)` */
export function returnStatement(p: Reader): Jump {
  const { at } = p.next()
  const values: Argument[] = []
  if (p.accept('(')) {
    if (!p.isSign(')')) {
      do values.push(argument(p))
      while (p.accept(','))
    }
    p.expect(')', 'after the values of `return`', 'write a number, a variable or a text')
  } else if (!p.isSign(';') && !p.isSign('}') && !p.isNewStatement() && p.peek().kind !== 'end') {
    values.push(argument(p))
  }
  endOfStatement(p, '`return`')
  const [code, ...others] = values
  return { type: 'return', at, code, values: others }
}
