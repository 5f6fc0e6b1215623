// What ClickHouse and the way to it say, sorted: the world's fault, the row's, the table's. Numbers of errors:
// https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp

/** What a fault means for the rows that were sent. */
export interface Verdict {
  /** `away`: they may go in later; `row`: one of them or more never will; `table`: it changed under us. */
  kind: 'away' | 'row' | 'table'
  /** As the ledger counts it: `CLICKHOUSE_252`, `ECONNREFUSED`. */
  code: string
  message: string
  cure: string
  /** None of the rows is stored, for sure. */
  isBeforeWriting: boolean
  /** No answer of the server's: another host may be better. */
  isLost: boolean
  /** It will be so at the next start too: a wrong password, a certificate. */
  isLasting: boolean
}

/** A row that the server cannot read, or a rule of the table that it breaks: all before anything is written. */
const ROW_FAULTS = new Set([
  6, 25, 26, 27, 32, 33, 36, 38, 41, 53, 69, 70, 72, 117, 128, 130, 131, 153, 190, 321, 349, 376, 395, 407,
  441, 467, 469, 675, 676, 691,
])
/** The table, or a column of it, is not there (any more). */
const TABLE_FAULTS = new Set([8, 10, 16, 20, 47, 60, 218])
const LASTING = new Set([81, 192, 193, 194, 195, 516])
const BEFORE_WRITING = new Set([
  ...ROW_FAULTS,
  ...TABLE_FAULTS,
  ...LASTING,
  62,
  115,
  164,
  202,
  216,
  291,
  392,
  497,
])
const TLS = /CERT|TLS|SSL|ALTNAME|SIGNATURE|EPROTO/
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])

const CURES = new Map([
  [81, 'create the database, or name another one in the db_url'],
  [164, 'the user or the replica may only read: give it the right to INSERT'],
  [202, 'raise max_concurrent_queries of the server'],
  [241, 'give the server more memory, or raise max_memory_usage'],
  [242, 'the replica may only read: see to its connection to Keeper'],
  [243, 'free space on the disk of the server, storing resumes by itself'],
  [252, 'the server cannot merge as fast as it is written to: storing resumes by itself'],
  [279, 'see to the other servers of the cluster, storing resumes by itself'],
  [
    497,
    'give the user the right to SELECT, INSERT and CREATE TABLE, or make the tables with `hepcapd schema`',
  ],
])
const ACCESS_CURE = 'check the user and the password of the db_url'
const OTHER_CURE = 'see the message of the server, and its log'

/** 18.16 writes its number into the text alone. */
function numberOf(error: { code?: unknown; message?: string }): number | undefined {
  const found = /^\d+$/.exec(String(error.code ?? ''))?.[0] ?? /\bCode: (\d+)/.exec(error.message ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

/** What the server means, without its own decoration. */
function textOf(message: string): string {
  const text =
    /e\.displayText\(\) = (?:DB::\w*Exception: )?(.*?)(?:, e\.what\(\) = .*)?$/s.exec(message)?.[1] ?? message
  return text.replace(/^Code: \d+\. (DB::\w*Exception: )?/, '').trim()
}

export function verdictOf(error: unknown): Verdict {
  const fault = error as { code?: unknown; message?: string }
  const number = numberOf(fault)
  return number === undefined ? lost(fault) : answered(number, textOf(fault.message ?? ''))
}

function answered(number: number, message: string): Verdict {
  const isEnum = number === 49 && message.startsWith('Unknown element')
  const kind = ROW_FAULTS.has(number) || isEnum ? 'row' : TABLE_FAULTS.has(number) ? 'table' : 'away'
  return {
    kind,
    code: `CLICKHOUSE_${number}`,
    message,
    cure: CURES.get(number) ?? (LASTING.has(number) ? ACCESS_CURE : OTHER_CURE),
    isBeforeWriting: BEFORE_WRITING.has(number) || isEnum,
    isLost: false,
    isLasting: LASTING.has(number),
  }
}

function lost({ code, message = 'no answer' }: { code?: unknown; message?: string }): Verdict {
  const name = typeof code === 'string' ? code : /timeout/i.test(message) ? 'ETIMEDOUT' : 'ECONNRESET'
  const isTls = TLS.test(name)
  return {
    kind: 'away',
    code: name,
    message,
    cure: isTls
      ? 'check the TLS of the db_url and the certificate of the server'
      : 'see that the server runs and answers HTTP at this address; storing resumes by itself',
    isBeforeWriting: isTls || NOT_CONNECTED.has(name),
    isLost: true,
    isLasting: isTls,
  }
}

/** More days in one insert than the server wants: smaller inserts have fewer. */
export function isTooManyPartitions({ code, message }: Verdict): boolean {
  return code === 'CLICKHOUSE_252' && /partitions for single INSERT/i.test(message)
}
