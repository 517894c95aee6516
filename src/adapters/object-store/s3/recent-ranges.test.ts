import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rememberRanges } from './recent-ranges.ts'

function makeSource(sizeBytes: number) {
  const bytes = Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 7919) >> 5)
  const fetches: (readonly [number, number])[] = []
  const read = rememberRanges(
    (start, end) => {
      fetches.push([start, end])
      return Promise.resolve(bytes.slice(start, end))
    },
    { sizeBytes },
  )
  return { bytes, fetches, read: (start: number, end: number) => read(start, end, undefined) }
}

test('whatever was read before, a read yields the bytes of its range', async () => {
  const range = fc.tuple(fc.nat(300_000), fc.nat(120_000))
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 30 }), async (ranges) => {
      const { bytes, read } = makeSource(400_000)
      for (const [start, length] of ranges) {
        const end = Math.min(400_000, start + length)
        const got = await read(start, end)
        expect(Buffer.compare(got, bytes.subarray(start, end))).toBe(0)
        // The caller's own.
        got.fill(0)
      }
    }),
    { numRuns: 50 },
  )
})

test('small reads that follow one another are one request, and the same range is fetched once', async () => {
  const { fetches, read } = makeSource(1_000_000)
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

test('nothing is fetched behind the end', async () => {
  const { fetches, read } = makeSource(10)
  await read(8, 10)
  expect(fetches).toEqual([[8, 10]])
})
