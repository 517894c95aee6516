import { describe, expect, test } from 'vitest'
import { matchesOf, searchFor } from '../../../test/erase-bytes.ts'
import { type Range, Ranges } from '../../domain/ranges.ts'
import type { RowsFound } from '../row-format.ts'
import { scan } from './scan.ts'
import { verifyErased } from './verify.ts'

const content = Buffer.from('{"id":42}\n{"id":1}\r\n{"id":42}\n{"id":"42"}\n\n{"id":"a","b":[{"id":42}]}\n{"id":42}')
const search = searchFor(matchesOf({ id: '42' }))

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** What was found in the bytes, but for what a test plants in its place; and what was read for the verdict. */
async function verify(
  bytes: Buffer,
  planted: { readonly rows?: readonly Range[]; readonly ranges?: readonly Range[] } = {},
) {
  const found = await scan(() => whole(bytes), search)
  const wrong: RowsFound = {
    ...found,
    rows: planted.rows === undefined ? found.rows : Ranges.of(planted.rows),
    ranges: planted.ranges === undefined ? found.ranges : Ranges.of(planted.ranges),
  }
  const reads: Range[] = []
  const read = (start: number, end: number): Promise<Uint8Array> => {
    if (start < 0 || end > bytes.length) throw new RangeError('reads beyond the object')
    reads.push({ start, end })
    return Promise.resolve(bytes.subarray(start, end))
  }
  await verifyErased(read, { size: bytes.length, found: wrong, search })
  return { found, reads }
}

describe('an erasure', () => {
  test('is verified by reading the ranges and the byte before each, in order, and nothing twice', async () => {
    const { found, reads } = await verify(content)
    expect(found.rows.size).toBe(4)
    expect(reads).toEqual([
      { start: 0, end: 10 },
      { start: 19, end: 42 },
      { start: content.length - 10, end: content.length },
    ])
  })

  test('of the first line is verified behind a byte-order mark', async () => {
    const bytes = Buffer.concat([Buffer.from('\ufeff'), content])
    const { found } = await verify(bytes)
    expect(found.ranges.startAt(0)).toBe(3)
  })

  test('of megabytes is read in chunks', async () => {
    const { reads } = await verify(Buffer.from('{"id":42}\n'.repeat(300_000)))
    expect(reads).toEqual([
      { start: 0, end: 1024 * 1024 },
      { start: 1024 * 1024, end: 2 * 1024 * 1024 },
      { start: 2 * 1024 * 1024, end: 3_000_000 },
    ])
  })

  test('of nothing reads nothing', async () => {
    expect((await verify(Buffer.from('{"id":1}\n'))).reads).toEqual([])
  })

  const firstRow = [{ start: 0, end: 1 }]
  const wrong: Record<string, { readonly rows: readonly Range[]; readonly ranges: readonly Range[] }> = {
    'takes a line that does not match': { rows: [{ start: 1, end: 2 }], ranges: [{ start: 10, end: 20 }] },
    'takes a line whose match lies elsewhere': { rows: [{ start: 5, end: 6 }], ranges: [{ start: 43, end: 70 }] },
    'takes a blank line': { rows: [{ start: 3, end: 5 }], ranges: [{ start: 30, end: 43 }] },
    'begins inside a line': { rows: firstRow, ranges: [{ start: 1, end: 10 }] },
    'begins inside a line, at an object that matches': {
      rows: [{ start: 5, end: 6 }],
      ranges: [{ start: 58, end: 67 }],
    },
    'ends inside a line': { rows: firstRow, ranges: [{ start: 0, end: 9 }] },
    'ends inside the next line': { rows: firstRow, ranges: [{ start: 0, end: 12 }] },
    'has fewer lines than rows': { rows: [{ start: 0, end: 2 }], ranges: [{ start: 0, end: 10 }] },
    'has more lines than rows': { rows: [{ start: 2, end: 3 }], ranges: [{ start: 20, end: 42 }] },
    'has no range for a row': { rows: firstRow, ranges: [] },
    'ends beyond the object': { rows: firstRow, ranges: [{ start: 0, end: content.length + 1 }] },
  }

  test.each(Object.entries(wrong))('is not verified that %s', async (_, planted) => {
    await expect(verify(content, planted)).rejects.toMatchObject({ code: 'not-verified' })
  })

  test('is not verified that takes the byte-order mark', async () => {
    const planted = { rows: firstRow, ranges: [{ start: 0, end: 13 }] }
    const verdict = verify(Buffer.concat([Buffer.from('\ufeff'), content]), planted)
    await expect(verdict).rejects.toMatchObject({ code: 'not-verified' })
  })

  /** A range that the scan would not have given, in bytes that it would have refused. */
  async function verifyPlanted(bytes: Buffer, range: Range): Promise<void> {
    const found: RowsFound = {
      rows: Ranges.of([{ start: 1, end: 2 }]),
      ranges: Ranges.of([range]),
      rowsSeen: 2,
      hits: new Map([[0, 1]]),
      columns: new Set(['id']),
      warnings: [],
      streamBytes: bytes.length,
    }
    const read = (start: number, end: number) => Promise.resolve(bytes.subarray(start, end))
    await verifyErased(read, { size: bytes.length, found, search })
  }

  test('is not verified that takes a line with a mark of its own', async () => {
    const bytes = Buffer.from('{"id":1}\n\ufeff{"id":42}\n')
    await expect(verifyPlanted(bytes, { start: 9, end: 22 })).rejects.toMatchObject({ code: 'not-verified' })
    await expect(verifyPlanted(bytes, { start: 12, end: 22 })).rejects.toMatchObject({ code: 'not-verified' })
  })

  test('is not verified that takes the end of a line', async () => {
    const bytes = Buffer.from('{"id":1}\n{"id":1}{"id":42}\n')
    await expect(verifyPlanted(bytes, { start: 17, end: 27 })).rejects.toMatchObject({ code: 'not-verified' })
    await expect(verifyPlanted(Buffer.from(' \n{"id":42}\n'), { start: 2, end: 12 })).resolves.toBeUndefined()
  })
})
