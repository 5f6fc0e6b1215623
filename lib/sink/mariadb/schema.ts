// The tables in MariaDB and MySQL: their columns, and the DDL that makes them.

import type { RowKind } from '../../route/rows.js'
import { defaultShapes, type TableColumn } from '../schema.js'

/** The ids of blocks that may come again, and are here already. */
export const BLOCKS = 'hepcapd_blocks'

/** Texts are compared as everywhere else: octet by octet. */
const ENGINE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'

const integerTypes: Record<number, string> = {
  1: 'TINYINT UNSIGNED',
  2: 'SMALLINT UNSIGNED',
  4: 'INT UNSIGNED',
  8: 'BIGINT',
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function typeOf({ from }: TableColumn): string {
  if (from.name === 'date') return 'DATETIME NOT NULL'
  if (from.kind === 'octets') return 'MEDIUMBLOB NOT NULL'
  if (from.kind === 'text') return `VARCHAR(${from.width}) NOT NULL DEFAULT ''`
  return `${integerTypes[from.width]} NOT NULL DEFAULT 0`
}

/** The statements for a table that does not exist yet, its indexes included. */
export function mariadbSchema(kind: RowKind, table: string, shapes = defaultShapes): string[] {
  const id = quoted(shapes.id[kind])
  const lines = [
    `${id} BIGINT UNSIGNED NOT NULL AUTO_INCREMENT`,
    ...shapes[kind].map((column) => `${quoted(column.name)} ${typeOf(column)}`),
    `PRIMARY KEY (${id})`,
    ...shapes.indexes[kind].map((name) => `KEY ${quoted(name)} (${quoted(name)})`),
  ]
  return [`CREATE TABLE IF NOT EXISTS ${quoted(table)} (\n  ${lines.join(',\n  ')}\n) ${ENGINE}`]
}

/** The statement for the table of block ids. */
export const BLOCKS_SCHEMA = `CREATE TABLE IF NOT EXISTS ${quoted(BLOCKS)} (
  origin CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, number BIGINT NOT NULL,
  at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (origin, number)
) ENGINE=InnoDB`
