// The one table of options. Flags, environment, file, help and `check` are made from it.

import type { OptionTable } from './option.js'
import { columnOptions } from './table-columns.js'
import { inputOptions } from './table-inputs.js'
import { processOptions } from './table-process.js'
import { routingOptions } from './table-routing.js'
import { storageOptions } from './table-storage.js'

/** Those whose values the program reads by name. */
export const namedOptions = {
  ...inputOptions,
  ...storageOptions,
  ...routingOptions,
  ...processOptions,
} satisfies OptionTable

/** Every option of the daemon. */
export const daemonOptions: typeof namedOptions & OptionTable = { ...namedOptions, ...columnOptions }
