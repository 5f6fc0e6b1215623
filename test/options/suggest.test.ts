// What was meant by a mistyped name.

import t from 'tap'
import { nearest } from '../../lib/options/suggest.js'

const names = ['listen', 'db_url', 'table_name', 'rtcp_table_name', 'capture_on']

t.test('one letter too many, too few, wrong or swapped', async (t) => {
  for (const name of ['table_namee', 'table_nam', 'table-name', 'tabel_name'])
    t.equal(nearest(name, names), 'table_name')
  t.equal(nearest('lisetn', names), 'listen')
})

t.test('the nearest of several', async (t) => {
  t.equal(nearest('rtp_table_name', names), 'rtcp_table_name')
})

t.test('what is like nothing suggests nothing', async (t) => {
  t.equal(nearest('verbose', names), undefined)
  t.equal(nearest('x', names), undefined)
  t.equal(nearest('', names), undefined)
})
