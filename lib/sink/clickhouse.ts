// ClickHouse: the store of its rows, and the DDL of its tables.

export { ClickhouseInspector } from './clickhouse/inspector.js'
export { clickhouseDistributedSchema, clickhouseSchema } from './clickhouse/schema.js'
export { ClickhouseStore } from './clickhouse/store.js'
