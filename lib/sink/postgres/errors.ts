// What PostgreSQL and the way to it say, sorted: the world's fault, the row's, the table's. Codes:
// https://www.postgresql.org/docs/15/errcodes-appendix.html

/** What a fault means for the rows that were sent. */
export interface Verdict {
  /** `away`: they may go in later; `row`: one of them or more never will; `table`: it changed under us. */
  kind: 'away' | 'row' | 'table'
  /** As the ledger counts it: `POSTGRES_22001`, `ECONNREFUSED`. */
  code: string
  message: string
  cure: string
  /** This server does not take rows, or is not there: another host may. */
  isLost: boolean
  /** It will be so at the next start too: a wrong password, a certificate. */
  isLasting: boolean
}

/** Something that we say ourselves, in the words of the server. */
export class OwnFault extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The table is not as we knew it. */
export const CHANGED = 'CHANGED'
/** The server said nothing for too long. */
export const SILENT = 'ETIMEDOUT'
/** A file that the db_url names cannot be read. */
export const NO_FILE = 'TLS_FILE'

const SQLSTATE = /^[0-9A-Z]{5}$/
/** Values, constraints, triggers, limits that a value exceeds. */
const ROW = /^(09|21|22|23|2F|38|39|44|54|P0)/
/** The table, a column or a schema is not there (any more), or is of another kind. */
const TABLE = /^(0A000|3F000|42P01|42703|42804|42809|428C9)$/
/** The connection is broken, the server ends, recovers, only reads, or has no connection left. */
const LOST = /^(08...|57P0[1-5]|25006|53300)$/
const LASTING = /^(28...|3D000)$/
/** How the client names what it has no code for. Anything else without a code is a bug of ours. */
const CLIENT_WORDS = /connection|timeout|closed|SSL|SASL|backend|password/i
const TLS = /CERT|TLS|SSL|ALTNAME|SIGNATURE|EPROTO/

const CURES: [RegExp, string][] = [
  [/^28/, 'check the user and the password of the db_url, and pg_hba.conf of the server'],
  [/^3D000$/, 'create the database, or name another one in the db_url'],
  [/^42501$/, 'give the user the right to INSERT and CREATE, or make the tables with `hepcapd schema`'],
  [/^3F000$/, 'create the schema, or set the search_path of the user'],
  [/^53100$/, 'free space on the disk of the server, storing resumes by itself'],
  [/^53300$/, 'raise max_connections of the server, or lower max_async_queries'],
  [/^25006$/, 'name the primary server in the db_url: this one may only be read'],
  [/^(40001|40P01|55P03|57014)$/, 'another session is in the way, storing resumes by itself'],
]
const OTHER_CURE = 'see the message of the server, and its log'
const WAY_CURE = 'see that the server runs and listens at this address; storing resumes by itself'
const TLS_CURE = 'check the TLS of the db_url, and the certificate and ssl of the server'

interface ServerFault {
  code?: unknown
  message?: string
  severity?: string
  /** In the server's source. */
  routine?: string
}

/** Throws what is neither of the server nor of the way to it. */
export function verdictOf(error: unknown): Verdict {
  const fault = error as ServerFault
  const { code } = fault
  const name = typeof code === 'string' ? code : ''
  const message = fault.message || name || String(error) // of several attempts on one name there is no message
  if (name === '' && !CLIENT_WORDS.test(message)) throw error
  if (name === CHANGED) return verdict('table', name, message, WAY_CURE)
  return SQLSTATE.test(name) && !name.startsWith('E')
    ? answered(name, message, isOfRow(fault))
    : lost(name, message)
}

/** Beside the codes for that: octets for a column of another type, and a policy of row-level security. */
function isOfRow({ code, severity, routine }: ServerFault): boolean {
  if (code === '08P01') return severity === 'ERROR'
  return ROW.test(String(code)) || (code === '42501' && routine === 'ExecWithCheckOptions')
}

function answered(state: string, message: string, isRow: boolean): Verdict {
  const kind = isRow ? 'row' : TABLE.test(state) ? 'table' : 'away'
  const cure = CURES.find(([states]) => states.test(state))?.[1] ?? OTHER_CURE
  return {
    ...verdict(kind, `POSTGRES_${state}`, message, cure),
    isLost: !isRow && LOST.test(state),
    isLasting: LASTING.test(state),
  }
}

/** No answer of the server's; of some of these the client tells in words alone. */
function lost(code: string, message: string): Verdict {
  if (/^SASL|password must be/i.test(message)) {
    return {
      ...verdict('away', 'POSTGRES_28P01', message, (CURES[0] as [RegExp, string])[1]),
      isLasting: true,
    }
  }
  const isTls = code === NO_FILE || TLS.test(code) || /SSL connection/.test(message)
  const name = code || (isTls ? 'TLS' : /timeout/.test(message) ? SILENT : 'ECONNRESET')
  return { ...verdict('away', name, message, isTls ? TLS_CURE : WAY_CURE), isLost: true, isLasting: isTls }
}

function verdict(kind: Verdict['kind'], code: string, message: string, cure: string): Verdict {
  return { kind, code, message, cure, isLost: false, isLasting: false }
}
