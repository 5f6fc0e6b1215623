// What MariaDB, MySQL and the way to them say, sorted: the world's fault, the row's, the table's. Numbers:
// https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's "Server Error Message Reference"

/** What a fault means for the rows that were sent. */
export interface Verdict {
  /** `away`: they may go in later; `row`: one of them or more never will; `table`: it changed under us. */
  kind: 'away' | 'row' | 'table'
  /** As the ledger counts it: `MARIADB_1406`, `ECONNREFUSED`. */
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
/** A row that is larger than the server takes: the server itself would hang up. */
export const TOO_LARGE = 'MARIADB_1153'
/** There is no way to put a row into this table at all. */
export const NO_COLUMN = 'NO_COLUMN'

/** Values, constraints, triggers. By SQLSTATE, and by number where that says nothing. */
const ROW_STATE = /^(21|22|23|44|45)/
const ROW = new Set([
  1048, 1062, 1118, 1216, 1263, 1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1452, 1525, 1526, 1644, 1690,
  1748, 3140, 3819, 3903, 4025,
])
/** The table or a column is not there (any more), or takes no value from us. */
const TABLE = new Set([1051, 1054, 1136, 1146, 1348, 1364, 1412, 1471, 1906, 1932, 3105])
/** It ends, only reads, has no connection left, or is no part of its cluster now. */
const LOST = new Set([
  1040, 1047, 1053, 1077, 1079, 1080, 1129, 1130, 1152, 1153, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1290,
  1792, 1836, 1927, 3169, 4031,
])
/** No such user, password, right or database; an account that is locked or expired. */
const LASTING = new Set([1044, 1045, 1049, 1251, 1275, 1524, 1698, 1820, 1862, 3118, 4151])
/** The client's own numbers. */
const CLIENT = { first: 45_000, last: 46_000, noRsaKey: 45_044 }
/** Of these: ways of proving who we are that it does not know or will not go. */
const CLIENT_LASTING = new Set([45_025, CLIENT.noRsaKey, 45_047, 45_064])
/** How the client names what has a name already. */
const NAMES: Record<string, string> = {
  ER_CONNECTION_TIMEOUT: SILENT,
  ER_SOCKET_UNEXPECTED_CLOSE: 'ECONNRESET',
  ER_CMD_CONNECTION_CLOSED: 'ECONNRESET',
}
const TLS = /CERT|TLS|SSL|ALTNAME|SIGNATURE|EPROTO|SELF_SIGNED/

const USER_CURE = 'check the user and the password of the db_url, and the rights of the user'
const CURES: [number[], string][] = [
  [[1044, 1045, 1698, 1820, 1862, 3118, 4151], USER_CURE],
  [[1049], 'create the database, or name another one in the db_url'],
  [
    [1142, 1143, 1227],
    'give the user the right to INSERT, SELECT and CREATE, or make the tables with `hepcapd schema`',
  ],
  [[1021, 1026, 1030, 1114], 'free space on the disk of the server, storing resumes by itself'],
  [[1040, 1203, 1226], 'raise max_connections of the server, or lower max_async_queries'],
  [[1290, 1792, 1836], 'name the primary server in the db_url: this one may only be read'],
  [[1047], 'this server is no part of its cluster now: see its log; storing resumes by itself'],
  [[1205, 1213, 1317, 3024], 'another session is in the way, storing resumes by itself'],
  [[CLIENT.noRsaKey], 'use TLS (tls=on in the db_url), or a user with another authentication plugin'],
]
const OTHER_CURE = 'see the message of the server, and its log'
const WAY_CURE = 'see that the server runs and listens at this address; storing resumes by itself'
const TLS_CURE = 'check the TLS of the db_url, and the certificate and ssl of the server'

interface ServerFault {
  code?: unknown
  errno?: unknown
  sqlState?: unknown
  sqlMessage?: unknown
  message?: string
}

/** Throws what is neither of the server nor of the way to it. */
export function verdictOf(error: unknown): Verdict {
  const { code, errno, sqlState, sqlMessage, message = String(error) } = error as ServerFault
  const number = typeof errno === 'number' ? errno : 0
  const text = typeof sqlMessage === 'string' ? sqlMessage : message
  const isClients = number >= CLIENT.first && number < CLIENT.last
  if (number > 0 && !isClients) return answered(number, String(sqlState), text)
  if (typeof code !== 'string') throw error
  if (code === CHANGED) return verdict('table', code, text, WAY_CURE)
  if (code === TOO_LARGE || code === NO_COLUMN) return verdict('row', code, text, WAY_CURE)
  return lost(code, number, text)
}

function answered(number: number, state: string, message: string): Verdict {
  const isTable = TABLE.has(number)
  const isRow = !isTable && (ROW.has(number) || ROW_STATE.test(state))
  const kind = isTable ? 'table' : isRow ? 'row' : 'away'
  return {
    ...verdict(kind, `MARIADB_${number}`, message, cureOf(number) ?? OTHER_CURE),
    isLost: LOST.has(number),
    isLasting: LASTING.has(number),
  }
}

/** No answer of the server's. */
function lost(code: string, number: number, message: string): Verdict {
  const isTls = code === NO_FILE || TLS.test(code)
  const cure = cureOf(number) ?? (isTls ? TLS_CURE : WAY_CURE)
  return {
    ...verdict('away', NAMES[code] ?? code, message, cure),
    isLost: true,
    isLasting: isTls || CLIENT_LASTING.has(number),
  }
}

function cureOf(number: number): string | undefined {
  return CURES.find(([numbers]) => numbers.includes(number))?.[1]
}

function verdict(kind: Verdict['kind'], code: string, message: string, cure: string): Verdict {
  return { kind, code, message, cure, isLost: false, isLasting: false }
}
