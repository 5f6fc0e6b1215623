// Statements and expressions as they would be written: for the trace, which shows what ran. It only reads the tree.

import type { Argument, Assign, Call, Expression, For, Jump, Switch, Variable } from './ast.js'
import { parseFormat } from './variable-parser.js'

export function statementText(statement: Assign | Call | Jump): string {
  switch (statement.type) {
    case 'assign':
      return `${statement.to.source} ${statement.operator} ${expressionText(statement.value)}`
    case 'call':
      return callText(statement)
    case 'return':
      return returnText(statement)
    default:
      return statement.type
  }
}

export function expressionText(expression: Expression): string {
  switch (expression.type) {
    case 'logical': {
      const sign = expression.operator === 'and' ? '&&' : '||'
      const text = `${expressionText(expression.left)} ${sign} ${expressionText(expression.right)}`
      return expression.parenthesized ? `(${text})` : text
    }
    case 'not':
      return `!${operandText(expression.operand)}`
    case 'compare':
    case 'arithmetic':
      return `${operandText(expression.left)} ${expression.operator} ${operandText(expression.right)}`
    case 'complement':
      return `~${operandText(expression.operand)}`
    case 'bracketed':
      return `[${expressionText(expression.operand)}]`
    case 'call':
      return callText(expression)
    case 'bareword':
      return expression.name
    case 'null':
      return 'NULL'
    case 'network':
      return expression.text
    default:
      return argumentText(expression)
  }
}

/** `if (...)`: in the parentheses of its own, once. */
export function conditionText(keyword: 'if' | 'while', condition: Expression): string {
  const inside = condition.type === 'logical' ? { ...condition, parenthesized: false } : condition
  return `${keyword} (${expressionText(inside)})`
}

export function headText(statement: For | Switch): string {
  if (statement.type === 'switch') return `switch (${statement.subject.source})`
  return `for (${statement.each.source} in ${statement.of.source})`
}

/** The variables that are mentioned, each once, those inside of others not. */
export function variablesOf(node: Assign | Call | Jump | Expression): Variable[] {
  const found = new Map<string, Variable>()
  collect(node, found)
  return [...found.values()]
}

function operandText(expression: Expression): string {
  const text = expressionText(expression)
  const isGroup = expression.type === 'arithmetic' || expression.type === 'compare'
  return isGroup || (expression.type === 'logical' && !expression.parenthesized) ? `(${text})` : text
}

function callText({ name, arguments: given, inner }: Call): string {
  if (!inner) return `${name}(${given.map(argumentText).join(', ')})`
  const rest = [inner.resume, inner.timeout && argumentText(inner.timeout)].filter((one) => one !== undefined)
  return `${name}(${[callText(inner.call), ...rest].join(', ')})`
}

function returnText({ code, values }: Extract<Jump, { type: 'return' }>): string {
  const given = [...(code ? [code] : []), ...values]
  return given.length > 0 ? `return(${given.map(argumentText).join(', ')})` : 'return'
}

function argumentText(argument: Argument | undefined): string {
  if (!argument) return ''
  if (argument.type === 'variable') return argument.source
  return argument.type === 'text' ? JSON.stringify(argument.text) : String(argument.value)
}

function collect(node: Assign | Call | Jump | Expression, found: Map<string, Variable>): void {
  if (node.type === 'variable') found.set(node.source, node)
  for (const part of partsOf(node)) collect(part, found)
}

function partsOf(node: Assign | Call | Jump | Expression): (Call | Expression)[] {
  switch (node.type) {
    case 'assign':
      return [node.to, node.value]
    case 'call':
      return [...node.arguments.flatMap(variablesIn), ...(node.inner ? [node.inner.call] : [])]
    case 'return':
      return [...(node.code ? [node.code] : []), ...node.values]
    case 'logical':
    case 'compare':
    case 'arithmetic':
      return [node.left, node.right]
    case 'not':
    case 'complement':
    case 'bracketed':
      return [node.operand]
    default:
      return []
  }
}

/** Those of a quoted text too: most functions put them in. */
function variablesIn(argument: Argument | undefined): Variable[] {
  if (argument?.type === 'variable') return [argument]
  if (argument?.type !== 'text') return []
  return parseFormat(argument.text, argument.at, []).filter((part) => typeof part !== 'string')
}
