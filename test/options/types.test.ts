// Texts as people write them, and what they mean; what means nothing names its cure.

import t from 'tap'
import { choice, duration, integer, offOr, onOff, size, tableName, text } from '../../lib/options/types.js'
import { means, refuses } from '../support/values.js'

t.test('switches', async (t) => {
  means(t, onOff, [
    ['1', true],
    ['on', true],
    ['YES', true],
    ['true', true],
    ['0', false],
    ['off', false],
    ['no', false],
    ['False', false],
    ['', false],
  ])
  refuses(t, onOff, ['2', 'maybe', ' 1'], /neither on nor off/)
})

t.test('whole numbers', async (t) => {
  const octet = integer({ min: 0, max: 255, why: 'one octet' })
  means(t, octet, [
    ['0', 0],
    ['255', 255],
    ['+7', 7],
  ])
  refuses(t, octet, ['', 'x', '1.5', '1e2', '0x10', ' 1', '9'.repeat(40)], /no whole number/)
  refuses(t, octet, ['-1', '256'], /not within 0 to 255: one octet/)
})

t.test('sizes are in powers of 1024', async (t) => {
  const any = size({ min: 1, max: 2 ** 40, why: 'enough' })
  means(t, any, [
    ['65536', 65536],
    ['1000', 1000],
    ['64MiB', 64 * 2 ** 20],
    ['64M', 64 * 2 ** 20],
    ['64 mb', 64 * 2 ** 20],
    ['512k', 512 * 2 ** 10],
    ['1G', 2 ** 30],
    ['1T', 2 ** 40],
    ['12B', 12],
  ])
  refuses(t, any, ['', '64Q', '1.5M', '-1', 'M', '64MiBB'], /is no size/)
  refuses(t, any, ['0', '2T'], /not within 1 to 1TiB: enough/)
})

t.test('times', async (t) => {
  const seconds = duration({ unit: 's', maxMs: 86_400_000, why: 'a day' })
  means(t, seconds, [
    ['30', 30_000],
    ['30s', 30_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['5min', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['0', 0],
  ])
  t.equal(duration({ unit: 'ms' }).parse('100'), 100)
  refuses(t, seconds, ['', '-1', '1y', 's', '1h30m'], /is no time/)
  refuses(t, seconds, ['2d', '86401'], /is more than 1d: a day/)
})

t.test('choices', async (t) => {
  const format = choice(['text', 'json'])
  means(t, format, [
    ['text', 'text'],
    ['JSON', 'json'],
  ])
  refuses(t, format, ['', 'xml'], /is none of text, json/)
})

t.test('texts', async (t) => {
  const short = text('NAME', 4, 'it is short')
  means(t, short, [
    ['', ''],
    ['a b', 'a b'],
    ['éé', 'éé'],
  ])
  refuses(t, short, ['ééx'], /more than 4 octets: it is short/)
  refuses(t, short, ['a\n', '\u001b', 'a\u0000'], /control characters/)
  means(t, offOr('FILE'), [
    ['off', ''],
    ['0', ''],
    ['', ''],
    ['a.toml', 'a.toml'],
  ])
})

t.test('table names reach SQL, so nothing else than names is one', async (t) => {
  means(t, tableName, [
    ['sip_capture', 'sip_capture'],
    ['homer_%Y_%m_%d', 'homer_%Y_%m_%d'],
    ['x'.repeat(64), 'x'.repeat(64)],
    [`%Y${'x'.repeat(60)}`, `%Y${'x'.repeat(60)}`],
  ])
  refuses(
    t,
    tableName,
    ['', 'a-b', 'a b', 'a"', 'a;drop table b', 'é', '%%', 'a.b', 'a\n'],
    /is no table name/,
  )
  refuses(t, tableName, ['x'.repeat(65), `%Y${'x'.repeat(61)}`], /more than 64 characters/)
  refuses(t, tableName, ['a%Q', 'a%'], /%Q is no conversion|single %/)
})
