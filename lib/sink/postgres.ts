// PostgreSQL: the store of its rows, and the DDL of its tables.

export { BLOCKS_SCHEMA, postgresSchema } from './postgres/schema.js'
export { PostgresStore } from './postgres/store.js'
