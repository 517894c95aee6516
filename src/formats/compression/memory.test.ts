import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Columns, searchFor } from '../../../test/erase-in-memory.ts'
import { repeatingSource } from '../../../test/repeating-source.ts'
import { csv } from '../csv/csv.ts'
import type { Format } from '../format.ts'
import { plain } from '../plain.ts'
import type { RangeSource } from '../range-source.ts'
import { makeSpool } from '../spool.ts'
import { compressed } from './compressed.ts'
import { gzip } from './gzip.ts'

const mebibyte = 1024 * 1024

/** By how much the process grows while an object is worked on, in MiB. */
async function growth(format: Format, source: RangeSource, match: Columns): Promise<number> {
  const search = searchFor([match])
  const before = process.memoryUsage().rss
  let peak = before
  const watch = { ...search, onProgress: () => void (peak = Math.max(peak, process.memoryUsage().rss)) }
  const found = await format.find(source, watch)
  expect(found.rows.size).toBe(1)
  await using spool = makeSpool()
  const edit = await format.erase(source, { search: watch, found, spool })
  await format.verify(source, { search, found, edit })
  return (Math.max(peak, process.memoryUsage().rss) - before) / mebibyte
}

describe('memory does not grow with', () => {
  const rows = 'x,0123456789012345678901234567890123456789\n'.repeat(25_000)

  test('a CSV file of 512 MiB', { timeout: 120_000 }, async () => {
    const source = repeatingSource(Buffer.from('id,text\n42,a\n'), Buffer.from(rows), 500)
    expect(await growth(plain(csv()), source, { id: '42' })).toBeLessThan(150)
  })

  test('a CSV file of 512 MiB in gzip members', { timeout: 120_000 }, async () => {
    const source = repeatingSource(gzipSync('id,text\n42,a\n'), gzipSync(rows), 500)
    expect(await growth(compressed(gzip, [csv()])[1]!, source, { id: '42' })).toBeLessThan(150)
  })

  test('a record of 64 MiB by more than a few times its length, kept or erased', { timeout: 120_000 }, async () => {
    const long = (id: number) => Buffer.from(`${id},"${'y'.repeat(64 * mebibyte - 16)}"\n`)
    const source = repeatingSource(Buffer.concat([Buffer.from('id,text\n'), long(42)]), long(7), 3)
    expect(await growth(plain(csv()), source, { id: '42' })).toBeLessThan(10 * 64)
  })
})

test('a million ids are found in CSV and in gzip', { timeout: 120_000 }, async () => {
  const ids = Array.from({ length: 1_000_000 }, (_, index) => ({ id: `person-${index}` }))
  const text = `id,n\n${Array.from({ length: 1000 }, (_, row) => `person-${row * 2000},${row}\n`).join('')}`
  const search = searchFor(ids)
  const inGzip = compressed(gzip, [csv()])[1]!
  for (const [format, bytes] of [
    [plain(csv()), Buffer.from(text)],
    [inGzip, gzipSync(text)],
  ] as const) {
    const found = await format.find(repeatingSource(bytes, Buffer.alloc(1), 0), search)
    expect([...found.rows]).toEqual([{ start: 0, end: 500 }])
  }
})
