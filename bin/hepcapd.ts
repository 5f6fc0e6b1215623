#!/usr/bin/env node
// The program: its arguments, its environment, its exit status.

import { main } from '../lib/cli.js'

process.exitCode = await main(process.argv.slice(2), process.env)
