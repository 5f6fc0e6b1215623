// What became of the messages of a self-test: judged by the ledger, and by what the databases have of them.

import type { InputLedger } from '../ledger.js'
import { about, type Cure, counted, type Finding } from './finding.js'
import { DOCTOR_USER } from './marked.js'

const say = about('self-test')

export interface TestedInput {
  name: string
  sent: number
  /** Why they could not be sent. */
  failure?: string | undefined
  /** What the ledger counted meanwhile, of others' messages too; undefined: nobody could be asked. */
  counted?: InputLedger | undefined
  /** In the database that has most of them. */
  found: number
  wantsCertificate: boolean
}

export function inputFinding(input: TestedInput): Finding {
  const { name, sent, failure, found, counted: ledger } = input
  const hasArrived = ledger ? ledger.received > 0 : found > 0
  if (input.wantsCertificate && !hasArrived) return notTrusted(name)
  const messages = counted(sent, 'message')
  if (failure !== undefined) {
    const more = { cure: 'see the message; a peer has the same trouble', why: 'nobody can send there' }
    return say.fault('input', `${name}: ${messages} could not be sent: ${failure}`, more)
  }
  if (!ledger) return foundFinding(name, sent, found)
  if (ledger.received < sent) {
    const more = { cure: 'nft list ruleset', why: 'a filter on this host may drop them' }
    return say.fault('input', `${name}: of ${messages} ${ledger.received} came in`, more)
  }
  return outcomeFinding(name, sent, ledger)
}

/** We have no other certificate than the listener's own. */
function notTrusted(name: string): Finding {
  const what = `${name} is not tested: its senders must show a certificate of --tls-ca, which --tls-cert is not`
  return say.hint('input', what, { cure: 'openssl s_client -connect, with the certificate of a sender' })
}

/** Nobody has counted what came in. */
function foundFinding(name: string, sent: number, found: number): Finding {
  const what = `${name}: sent ${counted(sent, 'message')}, and found ${found} of them stored`
  if (found >= sent) return say.ok('input', what)
  const cure = 'hepcapd ctl stats'
  return say.hint('input', what, { cure, why: 'it could not be asked what became of the others' })
}

function outcomeFinding(name: string, sent: number, ledger: InputLedger): Finding {
  const kept = ledger.stored + ledger.spooled + ledger.relayed
  const what = `${name}: sent ${counted(sent, 'message')}, which came in`
  if (kept >= sent) {
    const parts = [
      named(ledger.stored, 'stored'),
      named(ledger.spooled, 'spooled'),
      named(ledger.relayed, 'relayed'),
    ]
    return say.ok('input', `${what}; ${parts.filter((part) => part !== '').join(', ')}`)
  }
  const [dropped, discarded] = [reasons(ledger.dropped), reasons(ledger.discarded)]
  if (dropped !== '') {
    const more = { cure: 'cure what is said of the databases and of keys above', why: 'messages are lost' }
    return say.fault('input', `${what} and were dropped: ${dropped}`, more)
  }
  if (discarded === `no_sink ${sent}`) return say.ok('input', `${what}; nothing is to be stored`)
  const more = { cure: 'hepcapd trace, with these options', why: 'a route or a setting decided so' }
  return say.hint('input', `${what} and were discarded: ${discarded || 'not settled yet'}`, more)
}

function named(count: number, word: string): string {
  return count > 0 ? `${count} ${word}` : ''
}

function reasons(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ')
}

export interface TestedStore {
  name: string
  sent: number
  /** Of the messages, with their Call-IDs. */
  found: number
  removed: boolean
  /** What the ledger says that was stored; undefined: nobody could be asked. */
  stored: number | undefined
}

export function storeFinding({ name, sent, found, removed, stored }: TestedStore): Finding {
  const where = `From user ${DOCTOR_USER}`
  const left = removed ? 'and removed them' : `which are there, ${where}`
  const what = `${name}: found ${found} of ${counted(sent, 'message')}`
  if (found >= sent) return say[removed ? 'ok' : 'hint']('rows', `${what}, ${left}`)
  if (stored === undefined || stored > found) return elsewhere(what, stored)
  if (found > 0) return say.hint('rows', `${what}, ${left}; the others were not stored`)
  return say.hint('rows', `${what}: none was stored`)
}

/** The ledger never says `stored` of what is not committed. */
function elsewhere(what: string, stored: number | undefined): Finding {
  const more: Cure = { cure: 'hepcapd show', why: 'a route may have named another table or column' }
  const told =
    stored === undefined ? 'nobody could be asked where they went' : `${stored} were stored elsewhere`
  return say.warning('rows', `${what}; ${told}`, more)
}

/** What is sent on is not ours to remove. */
export function relayFinding(name: string): Finding {
  return say.hint('relayed', `${name} was sent the messages too, From user ${DOCTOR_USER}`)
}

export function notTested(what: string, more: Cure = {}): Finding {
  return say.hint('self_test', what, more)
}

export function notStarted(what: string, cure: string): Finding {
  return say.fault('self_test', what, { cure, why: 'the daemon would not start either' })
}

export function tested(what: string): Finding {
  return say.ok('self_test', what)
}
