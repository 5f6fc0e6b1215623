// `sinks` and `spool`: where rows go, and what waits for them to get there.

import type { Sink } from '../../sink/sink.js'
import type { ControlCommand, Json } from '../command.js'

export function sinks(all: () => readonly Sink[]): ControlCommand {
  return {
    name: 'sinks',
    help: 'databases and relays: whether they answer, and their rows by table',
    parameters: [],
    run: () =>
      all().map(({ name, sends = false, answers = true, counts, spooledRows = 0 }) => ({
        name,
        kind: sends ? 'relay' : 'store',
        answers,
        rows: counts.rows,
        tables: Object.fromEntries(counts.tables),
        spooled_rows: spooledRows,
      })),
    lines: (answer) =>
      (answer as unknown as { name: string; answers: boolean; rows: number; spooled_rows: number }[]).map(
        ({ name, answers, rows, spooled_rows: spooled }) =>
          `${name}: ${answers ? 'answers' : 'is away'}, ${rows} rows stored${spooled > 0 ? `, ${spooled} on the disk` : ''}`,
      ),
  }
}

export function spool(all: () => readonly Sink[]): ControlCommand {
  const stores = () => all().filter(({ sends }) => !sends)
  return {
    name: 'spool',
    help: 'rows that wait on the disk, by database, and how much of --spool-max they take',
    parameters: [],
    run: () =>
      stores().map(
        ({ name, spooledRows = 0, spoolShare = 0 }): Json => ({
          name,
          rows: spooledRows,
          percent: Math.round(spoolShare * 1000) / 10,
        }),
      ),
    lines: (answer) =>
      (answer as unknown as { name: string; rows: number; percent: number }[]).map(
        ({ name, rows, percent }) => `${name}: ${rows} rows, ${percent} % of --spool-max`,
      ),
  }
}
