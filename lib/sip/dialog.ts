// SIP dialogs that look like a real network's: calls, and now and then a registration.
//
// Everything follows from the dialog's number and the seed, and no two dialogs of a seed share a Call-ID, tag
// or branch: these have the number in them.

const CRLF = '\r\n'
const DOMAIN = 'sip.example.com'
const SIP_PORT = 5060
const PHONES = ['Desk Phone 4.2.1', 'Soft Phone/1.18 (Linux)', 'Room Station 2.0', 'Mobile Dialer 7.31']
const SERVER = 'SIP Server 3.6'
const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY'

/** One end of a dialog, as the network sees it. */
export interface Party {
  /** In network order: 4 or 16 octets. */
  address: Uint8Array
  port: number
}

export interface DialogMessage {
  source: Party
  destination: Party
  /** ASCII, with CRLF line ends. */
  text: string
}

interface Phone extends Party {
  host: string
  user: string
  tag: string
  agent: string
}

interface Dialog {
  id: string
  callId: string
  caller: Phone
  callee: Phone
  server: Party & { host: string }
  hash(salt: number): number
}

/** Messages of dialog number `index`: seven of a call, or four of every eighth, a registration. */
export function dialog(index: number, seed: number): DialogMessage[] {
  const parts = dialogParts(index, seed)
  return index % 8 === 7 ? registration(parts) : call(parts)
}

/** INVITE, 100, 180, 200, ACK, BYE and 200, between the caller's phone and its server. */
function call(parts: Dialog): DialogMessage[] {
  const { caller, callee, server } = parts
  const invite = transaction(parts, caller, callee, 'INVITE', 102, 1)
  const offer = sdp(caller, parts.hash(20))
  const answer = sdp({ ...callee, host: server.host }, parts.hash(21))
  const hangUp = parts.hash(22) % 2 === 0 ? [caller, callee] : [callee, caller]
  const bye = transaction(parts, hangUp[0] as Phone, hangUp[1] as Phone, 'BYE', 103, 3)
  const up = (text: string) => ({ source: caller, destination: server, text })
  const down = (text: string) => ({ source: server, destination: caller, text })
  const [there, back] = hangUp[0] === caller ? [up, down] : [down, up]
  const recorded = `Record-Route: ${route(parts)}`
  const routed = `Route: ${route(parts)}`
  const timer = 'Session-Expires: 1800;refresher=uac'
  const offering = [contact(caller), identity(caller), allow(), supported(), timer, agent(caller)]
  const answering = [contact(callee), recorded, allow(), `Server: ${SERVER}`]
  const closing = [agent(hangUp[0] as Phone), 'Reason: Q.850;cause=16;text="Normal call clearing"']
  if (hangUp[0] === caller) closing.unshift(routed)
  return [
    up(request(invite, target(callee), offering, offer, false)),
    down(reply(invite, '100 Trying', [`Server: ${SERVER}`], undefined, false)),
    down(reply(invite, '180 Ringing', answering)),
    down(reply(invite, '200 OK', [...answering, supported(), timer], answer)),
    up(request(transaction(parts, caller, callee, 'ACK', 102, 2), remote(callee), [routed, agent(caller)])),
    there(request(bye, remote(hangUp[1] as Phone), closing)),
    back(reply(bye, '200 OK', [supported(), agent(hangUp[1] as Phone)])),
  ]
}

/** REGISTER, 401, and both again with credentials (RFC 3261 section 10, RFC 7616). */
function registration(parts: Dialog): DialogMessage[] {
  const { caller, server } = parts
  const self = { ...caller, tag: parts.callee.tag }
  const nonce = hex(parts.hash(30)) + hex(parts.hash(31))
  const first = transaction(parts, caller, self, 'REGISTER', 1, 4)
  const second = transaction(parts, caller, self, 'REGISTER', 2, 5)
  const common = [`${contact(caller)};expires=3600`, 'Expires: 3600', allow(), agent(caller)]
  const up = (text: string) => ({ source: caller, destination: server, text })
  const down = (text: string) => ({ source: server, destination: caller, text })
  const challenge = `WWW-Authenticate: Digest realm="${DOMAIN}", nonce="${nonce}", algorithm=MD5, qop="auth"`
  return [
    up(request(first, `sip:${DOMAIN}`, common, undefined, false)),
    down(reply(first, '401 Unauthorized', [challenge, `Server: ${SERVER}`])),
    up(request(second, `sip:${DOMAIN}`, [...common, credentials(parts, nonce)], undefined, false)),
    down(reply(second, '200 OK', [`${contact(caller)};expires=3600`, `Server: ${SERVER}`])),
  ]
}

interface Transaction {
  method: string
  from: Phone
  to: Phone
  /** Of the Via. */
  host: string
  head: string
  dialog: Dialog
  cseq: number
}

/** What a request and its replies have in common. */
function transaction(
  parts: Dialog,
  from: Phone,
  to: Phone,
  method: string,
  cseq: number,
  salt: number,
): Transaction {
  const host = from === parts.callee ? parts.server.host : from.host
  const branch = `z9hG4bK${hex(parts.hash(salt))}${salt}x${parts.id}`
  return {
    method,
    from,
    to,
    cseq,
    dialog: parts,
    host,
    head: `Via: SIP/2.0/UDP ${host}:${from.port};rport;branch=${branch}`,
  }
}

function request(of: Transaction, uri: string, headers: string[], body?: string, inDialog = true): string {
  return lines(
    [`${of.method} ${uri} SIP/2.0`, of.head, 'Max-Forwards: 70', ...names(of, inDialog), ...headers],
    body,
  )
}

/** The server fills in where the request came from (RFC 3581 section 4). */
function reply(of: Transaction, status: string, headers: string[], body?: string, tagged = true): string {
  const via = of.head.replace('rport', `received=${bare(of.host)};rport=${of.from.port}`)
  return lines([`SIP/2.0 ${status}`, via, ...names(of, tagged), ...headers], body)
}

function names(of: Transaction, tagged: boolean): string[] {
  const to = `To: <sip:${of.to.user}@${DOMAIN}>`
  return [
    `From: "${of.from.user}" <sip:${of.from.user}@${DOMAIN}>;tag=${of.from.tag}`,
    tagged ? `${to};tag=${of.to.tag}` : to,
    `Call-ID: ${of.dialog.callId}`,
    `CSeq: ${of.cseq} ${of.method}`,
  ]
}

function lines(head: string[], body = ''): string {
  if (body !== '') head.push('Content-Type: application/sdp')
  head.push(`Content-Length: ${body.length}`)
  return `${head.join(CRLF)}${CRLF}${CRLF}${body}`
}

/** RFC 4566: one audio stream. */
function sdp(phone: Phone, random: number): string {
  const kind = phone.address.length === 4 ? 'IP4' : 'IP6'
  const host = bare(phone.host)
  const session = random % 1_000_000_000
  const port = 16384 + (random % 8192) * 2
  return [
    'v=0',
    `o=- ${session} ${session} IN ${kind} ${host}`,
    's=call',
    `c=IN ${kind} ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 9 8 0 101`,
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=ptime:20',
    'a=sendrecv',
    '',
  ].join(CRLF)
}

/** An IPv6 address without the brackets that it has in a URI. */
const bare = (host: string) => host.replace(/[[\]]/g, '')
const target = (phone: Phone) => `sip:${phone.user}@${DOMAIN}`
const remote = (phone: Phone) => `sip:${phone.user}@${phone.host}:${phone.port};transport=udp`
const contact = (phone: Phone) => `Contact: <${remote(phone)}>`
const identity = (phone: Phone) => `P-Asserted-Identity: <sip:${phone.user}@${DOMAIN}>`
const agent = (phone: Phone) => `User-Agent: ${phone.agent}`
const route = (parts: Dialog) => `<sip:${parts.server.host};lr>`
const allow = () => `Allow: ${ALLOW}`
const supported = () => 'Supported: replaces, timer, outbound'

function credentials(parts: Dialog, nonce: string): string {
  const response = [50, 51, 52, 53].map((salt) => hex(parts.hash(salt))).join('')
  return (
    `Authorization: Digest username="${parts.caller.user}", realm="${DOMAIN}", nonce="${nonce}", ` +
    `uri="sip:${DOMAIN}", response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="${hex(parts.hash(54))}"`
  )
}

function dialogParts(index: number, seed: number): Dialog {
  const mixed = mix(seed ^ mix(index))
  const hash = (salt: number) => mix(mixed + Math.imul(salt, 0x9e3779b9))
  const id = index.toString(36)
  const six = index % 16 === 5
  return {
    id,
    callId: `${hex(hash(10))}${hex(hash(11))}-${id}@${phoneHost(hash(1), six)}`,
    caller: phone(hash(1), hash(2), id, six),
    callee: phone(hash(3), hash(4), id, six),
    server: six
      ? { host: '[2001:db8::5060]', address: ipv6(0x5060, 0), port: SIP_PORT }
      : { host: '198.51.100.1', address: Uint8Array.of(198, 51, 100, 1), port: SIP_PORT },
    hash,
  }
}

function phone(place: number, random: number, id: string, six: boolean): Phone {
  return {
    address: six
      ? ipv6(place & 0xffff, 1)
      : Uint8Array.of(10, place >>> 24, (place >>> 16) & 255, (place >>> 8) & 255),
    port: SIP_PORT,
    host: phoneHost(place, six),
    user: String(100_000 + (random % 900_000)),
    tag: `${hex(random)}-${id}`,
    agent: PHONES[random % PHONES.length] as string,
  }
}

function phoneHost(place: number, six: boolean): string {
  if (six) return `[2001:db8::1:${(place & 0xffff).toString(16)}]`
  return `10.${place >>> 24}.${(place >>> 16) & 255}.${(place >>> 8) & 255}`
}

/** An address of the documentation's network (RFC 3849). */
function ipv6(low: number, net: number): Uint8Array {
  const address = new Uint8Array(16)
  address.set([0x20, 0x01, 0x0d, 0xb8])
  address.set([net >>> 8, net & 255, low >>> 8, low & 255], 12)
  return address
}

/** A finalizer that spreads 32 bits over 32 bits, one to one. */
function mix(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d)
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b)
  return (bits ^ (bits >>> 16)) >>> 0
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
