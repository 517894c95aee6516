import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Spool } from '../../../formats/spool.ts'
import { SpooledRanges } from './kept-ranges.ts'
import { RangeCache, type RangeCacheOptions } from './range-cache.ts'

const mebibyte = 1024 ** 2

function makeCache(sizeBytes: number, options: Partial<RangeCacheOptions> = {}) {
  const bytes = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = (at * 7919) >> 5
  const fetches: (readonly [number, number])[] = []
  const cache = new RangeCache(
    async (start, end) => {
      fetches.push([start, end])
      await Promise.resolve()
      return bytes.slice(start, end)
    },
    { sizeBytes, reads: 'repeated', ...options },
  )
  return { bytes, fetches, cache, read: (start: number, end: number) => cache.read(start, end) }
}

/** Bytes that were fetched again. */
function refetched(fetches: readonly (readonly [number, number])[]): number {
  let [end, again] = [0, 0]
  for (const [from, to] of fetches.toSorted(([a], [b]) => a - b)) {
    again += Math.max(0, Math.min(end, to) - from)
    end = Math.max(end, to)
  }
  return again
}

const overlapping = fc.array(fc.tuple(fc.nat(300_000), fc.nat(120_000)), { maxLength: 30 })

describe.each(['once', 'repeated'] as const)('of bytes that are read %s', (reads) => {
  test('a read yields the bytes of its range, whatever was read before or is read at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(overlapping, fc.boolean(), async (ranges, isAtOnce) => {
        const { bytes, read } = makeCache(400_000, { reads })
        const check = async ([start, length]: readonly [number, number]): Promise<void> => {
          const end = Math.min(400_000, start + length)
          const got = await read(start, end)
          expect(Buffer.compare(got, bytes.subarray(start, end))).toBe(0)
          // The caller's own.
          got.fill(0)
        }
        if (isAtOnce) await Promise.all(ranges.map(check))
        else for (const range of ranges) await check(range)
      }),
      { numRuns: 50 },
    )
  })

  test('nothing is fetched behind the end', async () => {
    const { fetches, read } = makeCache(10, { reads })
    await read(8, 10)
    expect(fetches).toEqual([[8, 10]])
  })

  test('a fetch that fails fails its reader alone', async () => {
    let calls = 0
    const cache = new RangeCache(
      async (start, end) => {
        await Promise.resolve()
        if ((calls += 1) === 1) throw new Error('lost')
        return new Uint8Array(end - start).fill(7)
      },
      { sizeBytes: 100, reads },
    )
    const [first, second] = await Promise.allSettled([cache.read(0, 50), cache.read(10, 60)])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
  })
})

test('once: small reads that follow one another are one request, and the same range is fetched once', async () => {
  const { fetches, read } = makeCache(1_000_000, { reads: 'once' })
  for (let at = 0; at < 60_000; at += 1000) await read(at, at + 1000)
  expect(fetches).toEqual([
    [0, 16_384],
    [16_384, 32_768],
    [32_768, 49_152],
    [49_152, 65_536],
  ])
  await read(200_000, 500_000)
  await read(210_000, 490_000)
  await read(100_000, 600_000)
  expect(fetches.slice(4)).toEqual([
    [200_000, 500_000],
    [100_000, 200_000],
    [500_000, 600_000],
  ])
})

describe('of bytes that are read repeatedly', () => {
  test('each is fetched once, but for short ranges that a fetch runs over', async () => {
    await fc.assert(
      fc.asyncProperty(overlapping, fc.boolean(), async (ranges, isAtOnce) => {
        const { fetches, read } = makeCache(400_000)
        const all = ranges.map(([start, length]) => [start, Math.min(400_000, start + length)] as const)
        if (isAtOnce) await Promise.all(all.map(([start, end]) => read(start, end)))
        else for (const [start, end] of all) await read(start, end)
        const again = fetches.length
        for (const [start, end] of all) await read(start, end)
        expect(fetches.length).toBe(again)
        const fetched = fetches.reduce((sum, [start, end]) => sum + end - start, 0)
        expect(fetched).toBeLessThanOrEqual(400_000 + 16_384 * fetches.length)
      }),
      { numRuns: 50 },
    )
  })

  test('short ranges that are here do not break a fetch in two, long ones do', async () => {
    const { fetches, read } = makeCache(mebibyte)
    await read(100_000, 100_100)
    await read(300_000, 340_000)
    await read(50_000, 400_000)
    expect(fetches).toEqual([
      [100_000, 102_048],
      [300_000, 340_000],
      [50_000, 300_000],
      [340_000, 400_000],
    ])
  })

  test('scattered small reads stay small, also where one larger one is among them', async () => {
    const size = 32 * mebibyte
    const { fetches, read } = makeCache(size)
    for (let at = 0; at < size; at += 100_000) await read(at, at + 1000)
    await read(mebibyte, 2 * mebibyte)
    await read(2 * mebibyte + 1000, 2 * mebibyte + 2000)
    const fetched = fetches.reduce((sum, [start, end]) => sum + end - start, 0)
    expect(fetched).toBeLessThan(336 * 2048 + mebibyte + 64 * 1024 + 2048)
    expect(refetched(fetches)).toBeLessThanOrEqual(11 * 2048)
  })

  test('where most bytes are wanted they come in large ranges, each once', async () => {
    const size = 64 * mebibyte
    const { cache, fetches, read } = makeCache(size)
    for (let at = 0; at < size; at += 100_000) await read(at, Math.min(size, at + 70_000))
    await cache[Symbol.asyncDispose]()
    expect(fetches.length).toBeLessThan(60)
    expect(fetches.some(([start, end]) => end - start === 8 * mebibyte)).toBe(true)
    expect(refetched(fetches)).toBe(0)
  })

  test('no more is fetched in vain than was wanted', async () => {
    const size = 40 * mebibyte
    const read = fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: 3 * mebibyte }))
    await fc.assert(
      fc.asyncProperty(fc.array(read, { minLength: 1, maxLength: 40 }), async (reads) => {
        const fetches: (readonly [number, number])[] = []
        const isWanted = new Uint8Array(size / 1024 + 1)
        const cache = new RangeCache(
          (start, end) => {
            fetches.push([start, end])
            return Promise.resolve(new Uint8Array(end - start))
          },
          { sizeBytes: size, reads: 'repeated' },
        )
        for (const [start, length] of reads) {
          const end = Math.min(size, start + length)
          await cache.read(start, end)
          isWanted.fill(1, Math.floor(start / 1024), Math.ceil(end / 1024))
        }
        await cache[Symbol.asyncDispose]()
        const wanted = isWanted.reduce((sum, each) => sum + each, 0) * 1024
        const fetched = fetches.reduce((sum, [start, end]) => sum + end - start, 0)
        expect(fetched).toBeLessThanOrEqual(2 * wanted + fetches.length * 80 * 1024)
      }),
      { numRuns: 30 },
    )
  })

  test('beyond the bound on disk what is fetched is right, and fetched again', async () => {
    const kept = new SpooledRanges({ maxBytes: 10_000 })
    const { bytes, fetches, read } = makeCache(100_000, { kept })
    await read(0, 9000)
    await read(50_000, 60_000)
    await read(0, 9000)
    expect(Buffer.compare(await read(50_000, 60_000), bytes.subarray(50_000, 60_000))).toBe(0)
    expect(fetches).toEqual([
      [0, 9000],
      [50_000, 60_000],
      [50_000, 60_000],
    ])
  })

  test('a full disk loses nothing', async () => {
    const full: Spool = {
      size: 0,
      append: () => Promise.reject(new Error('ENOSPC')),
      read: () => Promise.reject(new Error('nothing is here')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const { bytes, read } = makeCache(100_000, { kept: new SpooledRanges({ spool: full }) })
    for (let turn = 0; turn < 2; turn += 1) {
      expect(Buffer.compare(await read(10, 20_000), bytes.subarray(10, 20_000))).toBe(0)
    }
  })
})
