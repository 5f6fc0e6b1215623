// The map behind cache_add(): what its numbers do at their end.

import t from 'tap'
import { Cache } from '../../lib/route/cache.js'

t.test('a sum that a number cannot hold is none, and what was there stays', async (t) => {
  const cache = new Cache(() => 0)
  cache.store('local', 'a', '999999999999999', 0)
  t.equal(cache.add('local', 'a', Number.MAX_SAFE_INTEGER, 0), undefined)
  t.equal(cache.fetch('local', 'a'), '999999999999999')
  t.equal(cache.add('local', 'a', -999_999_999_999_998, 0), 1)
})
