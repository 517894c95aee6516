import { describe, expect, test } from 'vitest'
import {
  after,
  type Bench,
  type BenchOptions,
  before,
  type Eraser,
  keys,
  letheEraser,
  person,
  startBench,
} from './erasure-bench.ts'

const theirRow = `${JSON.stringify({ user: 'their', n: 1, text: 'data of another writer' })}\n`

/** What another writer does to the large object, between two requests of ours. */
const writers: Readonly<Record<string, (bench: Bench) => void>> = {
  'writes rows of the person too': (bench) => bench.put(keys.large, before.large + theirRow),
  'writes others alone': (bench) => bench.put(keys.large, after.large + theirRow),
  'writes twice': (bench) => {
    bench.put(keys.large, theirRow)
    bench.put(keys.large, before.large + theirRow)
  },
  'deletes and writes': (bench) => {
    bench.bucket.remove(keys.large)
    bench.put(keys.large, before.large + theirRow)
  },
}

/** Erases while another writer comes right before the n-th request, then again alone; yields where its data was lost. */
async function requestsThatLose(options: BenchOptions, eraser: Eraser, write: (bench: Bench) => void) {
  await using bench = await startBench({ ...options, onlyLarge: true })
  await eraser(bench.proxy.endpoint)
  const firstWrite = bench.proxy.requests.findIndex(({ method }) => method !== 'GET' && method !== 'HEAD')
  const lost: string[] = []
  // While it searches, one request is like another.
  for (let at = 1; ; at += at < firstWrite - 15 ? 4 : 1) {
    bench.reset()
    bench.proxy.before = ({ number }) => void (number === at && write(bench))
    await eraser(bench.proxy.endpoint)
    const raced = bench.proxy.requests[at - 1]
    if (raced === undefined) return lost
    bench.proxy.reset()
    await eraser(bench.proxy.endpoint)
    const text = bench.bucket.current(keys.large)?.bytes.toString() ?? ''
    const isHeld = bench.bucket.versions(keys.large).some(({ bytes }) => bytes.includes(person))
    if (!text.includes(theirRow) || isHeld) lost.push(`${raced.method} ${raced.url.replace(/\?.*/, '')}`)
  }
}

const weak = ['put-conditions', 'complete-conditions', 'delete-conditions', 'copy-source-conditions'] as const

describe('another writer comes before each request in turn', () => {
  describe.each(['Enabled', 'Suspended', 'Off'] as const)('versioning %s', (versioning) => {
    test.concurrent.each(Object.keys(writers))(
      'one that %s loses nothing, and the person is gone at last',
      async (name) => {
        expect(await requestsThatLose({ versioning }, letheEraser(), writers[name]!)).toEqual([])
      },
      300_000,
    )
  })

  test.concurrent.each(Object.keys(writers))(
    'one that %s loses nothing where the server ignores conditions and keeps versions',
    async (name) => {
      expect(await requestsThatLose({ ignore: weak }, letheEraser(), writers[name]!)).toEqual([])
    },
    300_000,
  )

  test('loses data only at the request that writes where the server ignores conditions and keeps no versions', async () => {
    const lost = await requestsThatLose(
      { ignore: weak, versioning: 'Off' },
      letheEraser(),
      writers['writes others alone']!,
    )
    expect(lost).toEqual([`POST /lake/${keys.large}`])
  }, 300_000)
})
