// Table and file names by time, in UTC.

import t from 'tap'
import { expandUtc, strftimeFault } from '../../lib/options/strftime.js'

const second = Date.UTC(2024, 1, 29, 23, 59, 7) / 1000

t.test('every letter', async (t) => {
  t.equal(expandUtc('%Y %y %m %d %H %M %S %j', second), '2024 24 02 29 23 59 07 060')
  t.equal(expandUtc('sip_%Y%m%d', second), 'sip_20240229')
  t.equal(expandUtc('100%%_%j', Date.UTC(2023, 11, 31) / 1000), '100%_365')
})

t.test('a name without letters stays', async (t) => {
  t.equal(expandUtc('sip_capture', second), 'sip_capture')
})

t.test('the local zone does not matter', async (t) => {
  const zone = process.env.TZ
  process.env.TZ = 'Asia/Kolkata'
  t.teardown(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  t.equal(expandUtc('%d%H', second), '2923')
})

t.test('what is no conversion is named', async (t) => {
  t.equal(strftimeFault('sip_%Y%m%d'), undefined)
  t.equal(strftimeFault('a%%b'), undefined)
  t.match(strftimeFault('a%Qb'), /%Q is no conversion/)
  t.match(strftimeFault('a%_proto_'), /%_ is no conversion/)
  t.match(strftimeFault('a%%%'), /ends in a single %/)
})
