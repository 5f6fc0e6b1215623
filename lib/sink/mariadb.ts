// MariaDB and MySQL: the store of their rows, and the DDL of their tables.

export { MariadbInspector } from './mariadb/inspector.js'
export { BLOCKS_SCHEMA, mariadbSchema } from './mariadb/schema.js'
export { MariadbStore } from './mariadb/store.js'
