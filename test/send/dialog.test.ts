// The dialogs that `hepcapd send` makes: valid, distinct, repeatable, and of a real network's size.

import t from 'tap'
import { dialog } from '../../lib/sip/dialog.js'

const DIALOGS = 2000
const SEED = 42

const header = (text: string, name: string) =>
  new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
const first = (text: string) => text.slice(0, text.indexOf('\r\n'))
const parameter = (value: string, name: string) => new RegExp(`;${name}=([^;]+)`).exec(value)?.[1]

t.test('a call is INVITE, 100, 180, 200, ACK, BYE, 200', async (t) => {
  const call = dialog(0, SEED).map(({ text }) => first(text))
  t.match(call, [
    /^INVITE sip:/,
    /^SIP\/2.0 100 /,
    /^SIP\/2.0 180 /,
    /^SIP\/2.0 200 /,
    /^ACK sip:/,
    /^BYE sip:/,
    /200 OK/,
  ])
})

t.test('every eighth dialog registers: REGISTER, 401, REGISTER with credentials, 200', async (t) => {
  const texts = dialog(7, SEED).map(({ text }) => text)
  t.match(texts.map(first), [/^REGISTER sip:/, /^SIP\/2.0 401 /, /^REGISTER sip:/, /^SIP\/2.0 200 /])
  const nonce = /nonce="(\w+)"/.exec(header(texts[1] as string, 'WWW-Authenticate'))?.[1]
  t.match(header(texts[2] as string, 'Authorization'), `nonce="${nonce}"`)
})

t.test(
  'every message is whole: mandatory headers, lines end with CRLF, the body has its announced length',
  async (t) => {
    for (let index = 0; index < 64; index++) {
      for (const { text } of dialog(index, SEED)) {
        const [head, body] = text.split(/\r\n\r\n(.*)/s) as [string, string]
        t.notMatch(text.replaceAll('\r\n', ''), /[\r\n]|[^\x20-\x7e]/)
        for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) t.ok(header(head, name), name)
        if (!head.startsWith('SIP/2.0')) t.equal(header(head, 'Max-Forwards'), '70')
        t.equal(Number(header(head, 'Content-Length')), body.length)
        if (body) t.match(body, /^v=0\r\n/)
      }
    }
  },
)

t.test('replies repeat the branch, tags and CSeq of their request', async (t) => {
  for (let index = 0; index < 64; index++) {
    const texts = dialog(index, SEED).map(({ text }) => text)
    const requests = new Map(
      texts.filter((text) => !text.startsWith('SIP')).map((text) => [header(text, 'CSeq'), text]),
    )
    for (const reply of texts.filter((text) => text.startsWith('SIP'))) {
      const request = requests.get(header(reply, 'CSeq')) as string
      t.equal(parameter(header(reply, 'Via'), 'branch'), parameter(header(request, 'Via'), 'branch'))
      t.equal(header(reply, 'From'), header(request, 'From'))
      t.equal(header(reply, 'Call-ID'), header(request, 'Call-ID'))
    }
  }
})

t.test('no two dialogs share a Call-ID or a tag, no two transactions a branch', async (t) => {
  const callIds = new Set<string>()
  const tags = new Map<string, number>()
  const branches = new Map<string, string>()
  for (let index = 0; index < DIALOGS; index++) {
    const texts = dialog(index, SEED).map(({ text }) => text)
    t.equal(new Set(texts.map((text) => header(text, 'Call-ID'))).size, 1)
    callIds.add(header(texts[0] as string, 'Call-ID'))
    for (const text of texts) {
      for (const tag of [header(text, 'From'), header(text, 'To')].map((value) => parameter(value, 'tag'))) {
        if (tag === undefined) continue
        if (tags.has(tag) && tags.get(tag) !== index) t.fail(`tag ${tag} of ${tags.get(tag)} and ${index}`)
        tags.set(tag, index)
      }
      const branch = parameter(header(text, 'Via'), 'branch') as string
      const transaction = `${index} ${header(text, 'CSeq')}`
      if (branches.has(branch) && branches.get(branch) !== transaction)
        t.fail(`branch ${branch} of ${transaction}`)
      branches.set(branch, transaction)
    }
  }
  t.equal(callIds.size, DIALOGS)
})

t.test('the same number and seed make the same dialog; another seed makes another', async (t) => {
  t.same(dialog(5, SEED), dialog(5, SEED))
  t.not(
    header(dialog(5, SEED)[0]?.text ?? '', 'Call-ID'),
    header(dialog(5, SEED + 1)[0]?.text ?? '', 'Call-ID'),
  )
})

t.test('both families occur, and each message goes between the two ends of its dialog', async (t) => {
  const families = new Set<number>()
  for (let index = 0; index < 32; index++) {
    const messages = dialog(index, SEED)
    const ends = new Set(
      messages.flatMap(({ source, destination }) => [`${source.address}`, `${destination.address}`]),
    )
    t.equal(ends.size, 2)
    families.add(messages[0]?.source.address.length ?? 0)
  }
  t.same([...families].sort(), [16, 4])
})

t.test('with 99 octets of HEP around it, the average message has about 650', async (t) => {
  const texts = Array.from({ length: DIALOGS }, (_, index) => dialog(index, SEED)).flat()
  const average = texts.reduce((sum, { text }) => sum + text.length, 0) / texts.length + 99
  t.ok(average > 600 && average < 700, `${average}`)
})
