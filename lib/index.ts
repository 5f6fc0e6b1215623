// The library: what a program that embeds hepcapd may use.

export { Daemon, type DaemonSettings, type Listen, type Target } from './daemon.js'
export { RefusedError, UsageError } from './errors.js'
export type { LedgerSnapshot } from './ledger.js'
export { Log } from './log.js'
export { Batch, Message } from './message.js'
export type {
  Capture,
  RoutedMessage,
  RouteFunction,
  RouteModule,
  ScriptFunction,
  TimerCapture,
  TimerRoute,
} from './route/api.js'
