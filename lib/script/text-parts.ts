// Parts of texts that transformations take apart: parameter lists, URIs, escapes.

/** The value of a parameter of a `;` list, its quotes removed; '' for one without, undefined for none of the name. */
export function paramValue(list: string, name: string): string | undefined {
  const wanted = name.trim().toLowerCase()
  for (const [key, value] of parameters(list)) if (key.toLowerCase() === wanted) return value
  return undefined
}

export function paramCount(list: string): number {
  return [...parameters(list)].length
}

function* parameters(list: string): Generator<[name: string, value: string]> {
  const parts = list.match(/(?:"(?:[^"\\]|\\.)*"?|[^;"])+/g) ?? []
  for (const part of parts) {
    const equals = part.indexOf('=')
    const name = (equals < 0 ? part : part.slice(0, equals)).trim()
    if (name === '') continue
    const value = equals < 0 ? '' : part.slice(equals + 1).trim()
    yield [name, value.replace(/^"([\s\S]*)"$/, '$1')]
  }
}

export interface UriParts {
  scheme: string
  user: string | undefined
  host: string
  port: number | undefined
  /** Behind the first semicolon. */
  parameters: string | undefined
}

/** undefined when it is no URI of SIP, or tel. */
export function splitUri(uri: string): UriParts | undefined {
  const [whole, scheme = '', rest = ''] = /^\s*(sips?|tel):(.*)$/is.exec(uri) ?? []
  if (whole === undefined) return undefined
  const isTel = scheme.toLowerCase() === 'tel'
  // RFC 3261 25.1: the user may hold `;` and `?`, and `@` stands nowhere but behind it.
  const at = isTel ? -1 : rest.indexOf('@')
  const tail = rest.slice(at + 1).trim()
  const [address = ''] = tail.split(/[;?]/, 1)
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5})(?!\d))?/.exec(address) ?? []
  const [, ...parameters] = tail.split('?', 1)[0]?.split(';') ?? []
  return {
    scheme: scheme.toLowerCase(),
    user: isTel ? address : at < 0 ? undefined : rest.slice(0, at).split(':', 1)[0],
    host: isTel ? '' : (bracketed ?? plain),
    port: port === undefined ? undefined : Number(port),
    parameters: parameters.length === 0 ? undefined : parameters.join(';'),
  }
}

/** What SQL texts escape: quotes, backslashes and NUL. */
export function escapeCommon(text: string): string {
  return text.replace(/['"\\]/g, '\\$&').replaceAll('\0', '\\0')
}

export function unescapeCommon(text: string): string {
  return text.replace(/\\(.)/gs, (_, letter: string) => (letter === '0' ? '\0' : letter))
}

/** Half of a character outside of the basic plane, which cutting a text can leave. */
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

export function escapeParam(text: string): string {
  return encodeURIComponent(text.replace(HALF, '\ufffd'))
}
