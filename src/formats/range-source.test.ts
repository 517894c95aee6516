import { describe, expect, test } from 'vitest'
import { bytesSource, chunksOf, type RangeSource } from './range-source.ts'

const bytes = Uint8Array.from({ length: 10 }, (_, index) => index)

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<number[][]> {
  const result: number[][] = []
  for await (const chunk of chunks) result.push([...chunk])
  return result
}

describe('chunksOf', () => {
  test('yields a range in order, in chunks', async () => {
    const chunks = chunksOf(bytesSource(bytes), { start: 1, end: 9, chunkBytes: 3 })
    expect(await collect(chunks)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8],
    ])
  })

  test('yields nothing of an empty range', async () => {
    expect(await collect(chunksOf(bytesSource(bytes), { start: 4, end: 4 }))).toEqual([])
  })

  test('reads one chunk ahead and no more', async () => {
    const reads: number[] = []
    const source: RangeSource = {
      size: 10,
      read(start, end) {
        reads.push(start)
        return Promise.resolve(bytes.subarray(start, end))
      },
    }
    const chunks = chunksOf(source, { chunkBytes: 2 })
    await chunks.next()
    expect(reads).toEqual([0, 2])
    await chunks.return(undefined)
  })

  test('a consumer that stops early meets no failure of the chunk read ahead', async () => {
    const source: RangeSource = {
      size: 4,
      read: (start, end) =>
        start === 0 ? Promise.resolve(bytes.subarray(start, end)) : Promise.reject(new Error('read ahead')),
    }
    for await (const chunk of chunksOf(source, { chunkBytes: 2 })) {
      expect([...chunk]).toEqual([0, 1])
      break
    }
    await expect(collect(chunksOf(source, { chunkBytes: 2 }))).rejects.toThrow('read ahead')
  })

  test('stops between chunks when it is aborted', async () => {
    const abort = new AbortController()
    const chunks = chunksOf(bytesSource(bytes), { chunkBytes: 2, signal: abort.signal })
    await chunks.next()
    abort.abort()
    await expect(chunks.next()).rejects.toMatchObject({ name: 'AbortError' })
  })
})
