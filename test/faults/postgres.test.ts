// PostgreSQL under load, hurt in every way.

import t from 'tap'
import { postgresForFaults } from '../support/fault-servers.js'
import { everyFault } from '../support/faults.js'
import { NO_POSTGRES } from '../support/postgres-server.js'

everyFault(t, postgresForFaults, NO_POSTGRES)
