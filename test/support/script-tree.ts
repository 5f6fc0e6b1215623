// The tree of a script as one line a route, and as a script again.

import type {
  Argument,
  Call,
  Expression,
  Format,
  RouteNode,
  Script,
  Statement,
  Variable,
} from '../../lib/script/ast.js'

const list = (kind: string, ...parts: string[]) =>
  `(${[kind, ...parts.filter((part) => part !== '')].join(' ')})`
const join = <T>(parts: readonly T[], form: (part: T) => string) => parts.map(form).join(' ')

/** `(route x (call xlog "a") (exit))` */
export const routeTree = ({ kind, name, arguments: given, body }: RouteNode): string =>
  list(kind, name, given.join(' '), bodyTree(body))

export const bodyTree = (body: readonly Statement[]): string => join(body, statementTree)

function statementTree(node: Statement): string {
  switch (node.type) {
    case 'block':
      return `{${bodyTree(node.body)}}`
    case 'if':
      return `(if ${tree(node.condition)} {${bodyTree(node.then)}} {${bodyTree(node.otherwise)}})`
    case 'while':
      return `(while ${tree(node.condition)} {${bodyTree(node.body)}})`
    case 'for':
      return `(for ${tree(node.each)} ${tree(node.of)} {${bodyTree(node.body)}})`
    case 'switch': {
      const cases = join(
        node.cases,
        ({ label, body }) => `(case ${JSON.stringify(label)} {${bodyTree(body)}})`,
      )
      const otherwise = node.otherwise === undefined ? '' : `(default {${bodyTree(node.otherwise)}})`
      return list('switch', tree(node.subject), cases, otherwise)
    }
    case 'assign':
      return `(${node.operator} ${tree(node.to)} ${tree(node.value)})`
    case 'return':
      return list('return', node.code ? tree(node.code) : '', join(node.values, tree))
    case 'call':
      return tree(node)
    default:
      return `(${node.type})`
  }
}

const argumentTree = (node: Argument | undefined) => (node ? tree(node) : '-')

function callTree({ name, arguments: given, inner }: Call): string {
  if (!inner) return list('call', name, join(given, argumentTree))
  const { call, resume = '-', timeout } = inner
  return list(name, callTree(call), resume, timeout ? tree(timeout) : '')
}

export function tree(node: Expression): string {
  switch (node.type) {
    case 'logical': {
      const text = `(${node.operator} ${tree(node.left)} ${tree(node.right)})`
      return node.parenthesized ? `<${text}>` : text
    }
    case 'compare':
    case 'arithmetic':
      return `(${node.operator} ${tree(node.left)} ${tree(node.right)})`
    case 'not':
    case 'complement':
    case 'bracketed':
      return `(${node.type} ${tree(node.operand)})`
    case 'call':
      return callTree(node)
    case 'variable':
      return variableTree(node)
    case 'bareword':
      return `bare:${node.name}`
    case 'text':
      return JSON.stringify(node.text)
    case 'number':
      return String(node.value)
    case 'null':
      return 'NULL'
    case 'network':
      return `net:${node.text}`
  }
}

export const formatTree = (format: Format): string =>
  `<${join(format, (part) => (typeof part === 'string' ? JSON.stringify(part) : variableTree(part)))}>`

function variableTree({ name, inner, index, transformations }: Variable): string {
  const where = index === undefined ? '' : `[${typeof index === 'object' ? variableTree(index) : index}]`
  const what = transformations.map(
    (one) => `{${[`${one.class}|${one.name}`, ...one.arguments.map(formatTree)].join(' ')}}`,
  )
  return `$${name}${inner ? formatTree(inner) : ''}${where}${what.join('')}`
}

/** All of a script but its positions. */
export function scriptTree({ globals, sockets, modules, parameters, routes, dialect }: Script): string {
  const withoutPlaces = JSON.stringify({ globals, sockets, modules, parameters }, (key, value) =>
    key === 'at' ? undefined : value,
  )
  return [dialect, withoutPlaces, ...routes.map(routeTree)].join('\n')
}

/** A script that has this tree. */
export function printScript({ globals, sockets, modules, parameters, routes }: Script): string {
  const value = (one: string | number) => (typeof one === 'number' ? String(one) : quote(one))
  const host = (text: string) => (text.includes(':') ? `[${text}]` : text)
  return [
    ...globals.map(
      (one) => `${one.name} = ${one.values.length > 0 ? one.values.map(value).join(' | ') : '{ }'}`,
    ),
    ...sockets.map((one) => {
      const port = one.port === undefined ? '' : `:${one.port}`
      return [`${one.keyword} = ${one.proto}:${host(one.host)}${port}`, ...one.options].join(' ')
    }),
    ...modules.map((one) => `loadmodule ${quote(one.path)}`),
    ...parameters.map((one) => `modparam(${quote(one.module)}, ${quote(one.name)}, ${value(one.value)})`),
    ...routes.map(printRoute),
  ].join('\n')
}

function printRoute({ kind, name, arguments: given, body }: RouteNode): string {
  const inside = [name === '' ? '' : quote(name), ...given].filter((part) => part !== '').join(', ')
  return `${kind}${inside === '' ? '' : `[${inside}]`} ${printBody(body)}`
}

const printBody = (body: readonly Statement[]): string => `{ ${join(body, printStatement)} }`

function printStatement(node: Statement): string {
  switch (node.type) {
    case 'block':
      return printBody(node.body)
    case 'if':
      return `if (${print(node.condition)}) ${printBody(node.then)} else ${printBody(node.otherwise)}`
    case 'while':
      return `while (${print(node.condition)}) ${printBody(node.body)}`
    case 'for':
      return `for (${node.each.source} in ${node.of.source}) ${printBody(node.body)}`
    case 'switch': {
      const label = (one: string | number) => (typeof one === 'number' ? one : quote(one))
      const cases = join(node.cases, (one) => `case ${label(one.label)}: ${join(one.body, printStatement)}`)
      const otherwise = node.otherwise ? `default: ${join(node.otherwise, printStatement)}` : ''
      return `switch (${node.subject.source}) { ${cases} ${otherwise} }`
    }
    case 'assign':
      return `${node.to.source} ${node.operator} ${print(node.value)};`
    case 'return': {
      const all = node.code ? [node.code, ...node.values] : []
      return `return(${all.map(print).join(', ')});`
    }
    case 'call':
      return `${print(node)};`
    default:
      return `${node.type};`
  }
}

function print(node: Expression): string {
  switch (node.type) {
    case 'logical': {
      const text = `${print(node.left)} ${node.operator} ${print(node.right)}`
      return node.parenthesized ? `(${text})` : text
    }
    case 'compare':
      return `${print(node.left)} ${node.operator} ${print(node.right)}`
    case 'arithmetic':
      return `(${print(node.left)} ${node.operator} ${print(node.right)})`
    case 'not':
      return `!${print(node.operand)}`
    case 'complement':
      return `~${print(node.operand)}`
    case 'bracketed':
      return `[${print(node.operand)}]`
    case 'call':
      return printCall(node)
    case 'variable':
      return node.source
    case 'bareword':
      return node.name
    case 'text':
      return quote(node.text)
    case 'number':
      return String(node.value)
    case 'null':
      return 'NULL'
    case 'network':
      return node.text
  }
}

function printCall({ name, arguments: given, inner }: Call): string {
  if (!inner) {
    // The name of the default route is written 0.
    const written = given.map((one, i) => {
      if (name === 'route' && i === 0 && one?.type === 'text' && one.text === '') return '0'
      return one ? print(one) : ''
    })
    return `${name}(${written.join(', ')})`
  }
  const rest = [inner.resume === undefined ? '' : `, ${inner.resume === '' ? '0' : quote(inner.resume)}`]
  if (inner.timeout) rest.push(`, ${print(inner.timeout)}`)
  return `${name}(${print(inner.call)}${rest.join('')})`
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\0/g, '\\x00')}"`
}
