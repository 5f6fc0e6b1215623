// MariaDB under load, hurt in every way.

import t from 'tap'
import { mariadbForFaults } from '../support/fault-servers.js'
import { everyFault } from '../support/faults.js'
import { NO_MARIADB } from '../support/mariadb-server.js'

everyFault(t, mariadbForFaults, NO_MARIADB)
