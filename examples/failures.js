// Calls as anybody's, failed ones twice: in the usual table, and in one that is short enough to be read by people. The
// second counts as a statistic too, which `hepcapd` keeps until it ends.

/** @type {import('hepcapd').RouteModule['request']} */
export function request(_msg, capture) {
  capture.sipCapture()
}

/** @type {import('hepcapd').RouteModule['reply']} */
export function reply(msg, capture) {
  capture.sipCapture()
  if (msg.status < 500 || !capture.isMethod('INVITE')) return
  capture.sipCapture({ table: 'failed_%Y%m', custom: [capture.header('User-Agent') ?? capture.header('Server')] })
  capture.updateStat('failed_calls', 1)
}

/** @type {import('hepcapd').RouteModule['timers']} */
export const timers = [
  {
    everySeconds: 60,
    run(capture) {
      const failed = capture.stat('failed_calls') ?? 0
      if (failed > 0) capture.xlog('L_WARN', `${failed} calls failed in the last minute`)
      capture.updateStat('failed_calls', 0)
    },
  },
]
