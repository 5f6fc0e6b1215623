// PostgreSQL: the store of its rows, and the DDL of its tables.

export { PostgresInspector } from './postgres/inspector.js'
export { BLOCKS_SCHEMA, postgresSchema } from './postgres/schema.js'
export { PostgresStore } from './postgres/store.js'
