// ClickHouse under load, hurt in every way.

import t from 'tap'
import { NO_CLICKHOUSE } from '../support/clickhouse-server.js'
import { clickhouseForFaults } from '../support/fault-servers.js'
import { everyFault } from '../support/faults.js'

everyFault(t, clickhouseForFaults, NO_CLICKHOUSE)
