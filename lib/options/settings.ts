// The effective configuration of the daemon: every value checked against the others, and where it came from.

import type { DaemonSettings, Listen, Target } from '../daemon.js'
import { type Fault, UsageError } from '../errors.js'
import type { LogSettings } from '../log.js'
import { listenPoint } from './endpoints.js'
import type { Option, ValuesOf } from './option.js'
import { resolve, type Sources } from './resolve.js'
import { daemonOptions, type namedOptions } from './table.js'

export interface Settings extends DaemonSettings, LogSettings {}

type Values = ValuesOf<typeof namedOptions>
type Shown = string | number

export interface EffectiveValue {
  /** As the parameter would be written; secrets are not. */
  value: Shown | Shown[]
  /** FILE:LINE:COL, flag, environment variable, or `default`. */
  origin: string
}

export interface Effective {
  settings: Settings
  /** By parameter name, in the order of the table. */
  values: Map<string, EffectiveValue>
  warnings: Fault[]
  /** Reads everything again, for SIGHUP. Throws as effective() does. */
  reload(): Effective
}

/** Throws a UsageError with every fault at once, or a RefusedError for a file that cannot be read. */
export function effective(sources: Sources): Effective {
  const { values, origins, faults } = resolve(daemonOptions, sources)
  const report = (name: string, what: string, cure: string) =>
    faults.push({ where: origins.get(name)!, severity: 'error', what, cure })
  checkRawModes(values, report)
  const isSound = !faults.some(({ severity }) => severity === 'error')
  const listen = isSound ? listenersOf(values, report) : []
  if (isSound) checkTargets(values.db_url, report)
  if (faults.some(({ severity }) => severity === 'error')) throw new UsageError(faults)
  const shown = shownValues(values, origins)
  shown.set('listen', { value: listen.map((one) => listenPoint.show(one)), origin: origins.get('listen')! })
  return {
    settings: settingsOf(values, listen),
    values: shown,
    warnings: faults,
    reload: () => effective(sources),
  }
}

type Report = (name: string, what: string, cure: string) => void

function checkRawModes(values: Partial<Values>, report: Report): void {
  if (values.raw_ipip_capture_on && values.raw_moni_capture_on) {
    const what = 'raw_ipip_capture_on and raw_moni_capture_on are not possible together'
    report('raw_moni_capture_on', what, 'switch one of them off')
  }
}

function listenersOf(values: Values, report: Report): Listen[] {
  const listen = values.listen.map(({ proto, host, port = values.hep_port }) => ({ proto, host, port }))
  if (!values.hep_capture_on) {
    const what = 'with hep_capture_on = 0 there is nothing to capture from'
    report('hep_capture_on', what, 'switch it on')
  }
  const twice = duplicate(listen.filter(({ port }) => port !== 0).map((one) => `${listenPoint.show(one)}`))
  if (twice) report('listen', `${twice} is named twice`, 'name it once')
  if (listen.length === 0) report('listen', 'it names no listener', 'remove it, or name one')
  return listen
}

function checkTargets(targets: Target[], report: Report): void {
  const twice = duplicate(targets.map((target) => `${daemonOptions.db_url.type.show(target)}`))
  if (twice) report('db_url', `${twice} is named twice`, 'name it once: every row would be there twice')
  if (targets.length === 0) report('db_url', 'it names no database', 'write none: to store nothing')
}

function duplicate(names: string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}

function settingsOf(values: Values, listen: Listen[]): Settings {
  return {
    listen,
    targets: values.db_url,
    tableName: values.table_name,
    rtcpTableName: values.rtcp_table_name,
    captureOn: values.capture_on,
    captureNode: values.capture_node,
    tableWindow: values.table_window,
    udpWorkers: values.udp_workers,
    rcvbufBytes: values.rcvbuf,
    queueBytes: values.queue_max,
    stopTimeoutMs: values.stop_timeout,
    logLevel: values.log_level,
    logFormat: values.log_format,
  }
}

function shownValues(
  values: Record<string, unknown>,
  origins: Map<string, string>,
): Map<string, EffectiveValue> {
  return new Map(
    Object.entries(daemonOptions as Record<string, Option>).map(([name, option]) => {
      const value = values[name]
      const shown = Array.isArray(value)
        ? value.map((one) => shownValue(option, one))
        : shownValue(option, value)
      return [name, { value: shown, origin: origins.get(name)! }]
    }),
  )
}

function shownValue({ type, secret }: Option, value: unknown): Shown {
  const shown = type.show(value)
  return secret && shown !== '' && shown !== 'off' ? '***' : shown
}
