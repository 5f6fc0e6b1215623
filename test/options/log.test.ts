// Lines of the log: their form, what is printed at which level, and repetition.

import t from 'tap'
import { Log, type LogFormat, type LogLevel, Repeats } from '../../lib/log.js'

function logged(logLevel: LogLevel, logFormat: LogFormat, use: (log: Log) => void): string[] {
  const lines: string[] = []
  const log = new Log({ logLevel, logFormat }, { write: (line) => lines.push(line) })
  use(log)
  log.close()
  return lines
}

t.test('text is TIME LEVEL MESSAGE', async (t) => {
  const lines = logged('info', 'text', (log) => {
    log.warn('a "quoted" word')
    log.debug('not at this level')
  })
  t.equal(lines.length, 1)
  t.match(lines[0], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARN a "quoted" word\n$/)
})

t.test('control characters neither break the line nor drive the terminal', async (t) => {
  const [line] = logged('info', 'text', (log) => log.info('a\nb\r\u001b[31mé\u009b\u2028'))
  t.match(line, / INFO a\\nb\\u000d\\u001b\[31mé\\u009b\\u2028\n$/)
})

t.test('json has one object a line', async (t) => {
  const [line] = logged('trace', 'json', (log) => log.trace('a\n"b"'))
  t.match(JSON.parse(line ?? ''), { level: 'trace', msg: 'a\n"b"', time: /^\d{4}-.*Z$/ })
  t.equal(line?.indexOf('\n'), (line?.length ?? 0) - 1)
})

t.test('an announcement is printed at every level', async (t) => {
  const lines = logged('fatal', 'text', (log) => {
    log.error('not at this level')
    log.announce('ready: hep_udp:*:9060')
  })
  t.equal(lines.length, 1)
  t.match(lines[0], / INFO ready: hep_udp:\*:9060\n$/)
})

t.test('what repeats is one line and then a count', async (t) => {
  const lines: string[] = []
  const repeats = new Repeats((level, message) => lines.push(`${level} ${message}`))
  for (let i = 0; i < 1000; i++) repeats.say('warn', 'the disk is full')
  repeats.say('error', 'once')
  t.same(lines, ['warn the disk is full', 'error once'])
  repeats.settle()
  t.same(lines.splice(0), ['warn the disk is full', 'error once', 'warn the disk is full (999 more)'])
  repeats.say('warn', 'the disk is full')
  repeats.settle()
  t.same(lines.splice(0), ['warn the disk is full (1 more)'], 'it is still the same trouble')
  repeats.settle()
  repeats.say('warn', 'the disk is full')
  t.same(lines, ['warn the disk is full'], 'after a quiet time it is news again')
})

t.test('ever new messages cannot flood the log either', async (t) => {
  const lines: string[] = []
  const repeats = new Repeats((_, message) => lines.push(message))
  for (let i = 0; i < 1000; i++) repeats.say('warn', `fault ${i}`)
  t.equal(lines.length, 100)
  repeats.settle()
  t.equal(lines.at(-1), '900 more messages of other kinds were not logged')
})

t.test('what is held back is told at the end', async (t) => {
  const lines = logged('warn', 'text', (log) => {
    log.repeated('again')
    log.repeated('again')
  })
  t.match(lines, [/WARN again\n/, /WARN again \(1 more\)\n/])
})
