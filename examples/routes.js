// Everything but keep-alives is stored, a table a day.

const DULL = 'OPTIONS|NOTIFY'

/** @type {import('hepcapd').RouteModule['request']} */
export function request(_msg, capture) {
  if (!capture.isMethod(DULL)) capture.sipCapture({ table: 'calls_%Y%m%d' })
}

export const reply = request
