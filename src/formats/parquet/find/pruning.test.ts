import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bind } from '../../../domain/predicate.ts'
import { bytesSource, type RangeSource } from '../../range-source.ts'
import { readFooter } from '../footer.ts'
import { find } from './find.ts'
import { findInRowGroup } from './find-row-group.ts'
import { Hits } from './hits.ts'
import { planSearch } from './plan-search.ts'

interface Read {
  readonly start: number
  readonly end: number
}

/** Finds one text; yields the rows and what was read of the file besides its footer and magic. */
async function readsOf(file: Uint8Array, column: string, ...texts: string[]) {
  const inner = bytesSource(file)
  const { footerStart } = await readFooter(inner)
  const reads: Read[] = []
  const source: RangeSource = {
    size: inner.size,
    read(start, end) {
      if (start >= 4 && end <= footerStart) reads.push({ start, end })
      return inner.read(start, end)
    },
  }
  const predicate = bind(texts.map((value, position) => ({ kind: 'simple', column, value, position })))
  const found = await find(source, { predicate, partitions: [], malformed: 'refuse' })
  return { rows: found.rows.size, reads, bytes: reads.reduce((sum, { start, end }) => sum + end - start, 0) }
}

const count = 60_000
const key = (at: number) => `user-${String(at).padStart(8, '0')}`
const sorted = Array.from({ length: count }, (_, at) => key(at))
/** A permutation: 7919 is prime and no factor of the count. */
const shuffled = sorted.map((_, at) => key((at * 7919) % count))

const write = (column: Omit<ColumnSource, 'name'>, options = {}) =>
  new Uint8Array(
    parquetWriteBuffer({
      // A second column, so that the footer is not all that there is to leave unread.
      columnData: [
        { name: 'k', ...column },
        { name: 'other', data: sorted, encoding: 'PLAIN' },
      ],
      pageSize: 16 * 1024,
      rowGroupSize: 20_000,
      codec: 'UNCOMPRESSED',
      ...options,
    }),
  )

describe('statistics of a chunk', () => {
  const ints = Array.from({ length: count }, (_, at) => at)

  it('outside which all values lie leave it unread', async () => {
    const file = write({ data: ints, type: 'INT32', encoding: 'PLAIN' })
    const chunkBytes = 20_000 * 4
    expect(await readsOf(file, 'k', '70000')).toMatchObject({ rows: 0, bytes: 0 })
    const found = await readsOf(file, 'k', '25000')
    expect(found.rows).toBe(1)
    expect(found.bytes).toBeLessThan(1.1 * chunkBytes)
  })

  it('are not trusted for byte strings of a writer that does not say how it orders them', async () => {
    const data = sorted.map((text) => (text === key(5) ? '\u{1f600}' : '\uffee'))
    const file = write({ data, type: 'STRING', encoding: 'PLAIN' })
    // In UTF-16 the emoji comes first, so this writer's least value is greater than its greatest.
    expect((await readsOf(file, 'k', '\u{1f600}')).rows).toBe(1)
  })
})

describe('a bloom filter', () => {
  it('that holds no value looked for leaves the chunk unread', async () => {
    const file = write({ data: shuffled, type: 'STRING', encoding: 'PLAIN', bloomFilter: true, statistics: false })
    const absent = await readsOf(file, 'k', 'user-00000001x')
    expect(absent.rows).toBe(0)
    // Three filters of 64 KiB at most; the chunks have 340 KB each.
    expect(absent.bytes).toBeLessThan(3 * 66_000)
    expect((await readsOf(file, 'k', key(1), key(40_000))).rows).toBe(2)
  })
})

describe('a page index', () => {
  const file = write({
    data: Array.from({ length: count }, (_, at) => BigInt(at) * 3n),
    type: 'INT64',
    encoding: 'PLAIN',
    columnIndex: true,
  })

  it('leaves pages unread in which no value can lie', async () => {
    const found = await readsOf(file, 'k', '90000')
    expect(found.rows).toBe(1)
    expect(found.bytes).toBeLessThan(20_000)
    expect((await readsOf(file, 'k', '90001')).rows).toBe(0)
  })

  it('reads neighbouring pages at once', async () => {
    const texts = Array.from({ length: 4000 }, (_, at) => `${(30_000 + at) * 3}`)
    const found = await readsOf(file, 'k', ...texts)
    expect(found.rows).toBe(4000)
    expect(found.reads.length).toBeLessThanOrEqual(5)
  })
})

describe('rows that a search is limited to', () => {
  const options = { rowGroupSize: count }

  async function hitsWithin(file: Uint8Array, ...rows: (readonly [number, number])[]) {
    const reads: Read[] = []
    const inner = bytesSource(file)
    const source: RangeSource = {
      size: inner.size,
      read(start, end) {
        reads.push({ start, end })
        return inner.read(start, end)
      },
    }
    const parsed = await readFooter(inner)
    const predicate = bind(
      [shuffled[10]!, shuffled[30_000]!].map((value, position) => ({ kind: 'simple', column: 'k', value, position })),
    )
    const plan = planSearch(parsed, { predicate, partitions: [], malformed: 'refuse' })
    const within = new Hits()
    for (const [start, end] of rows) within.add(start, end, 0)
    const found: number[] = []
    const request = { file: parsed, rowGroup: parsed.rowGroups[0]!, plan, within }
    await findInRowGroup(source, request, (start) => found.push(start))
    return { found, bytes: reads.reduce((sum, { start, end }) => sum + end - start, 0) }
  }

  it('are searched, and pages without one are not read where an index tells them', async () => {
    const file = write({ data: shuffled, encoding: 'PLAIN', columnIndex: true, offsetIndex: true }, options)
    const chunkBytes = count * (4 + shuffled[0]!.length)
    const first = await hitsWithin(file, [9, 11])
    expect(first.found).toEqual([10])
    expect(first.bytes).toBeLessThan(chunkBytes / 10)
    expect((await hitsWithin(file, [0, 20], [29_990, 30_010])).found).toEqual([10, 30_000])
    expect((await hitsWithin(file, [50_000, 50_100])).found).toEqual([])
    expect((await hitsWithin(file)).found).toEqual([])
  })

  it('are searched where no index tells pages', async () => {
    const file = write({ data: shuffled, encoding: 'PLAIN' }, options)
    expect((await hitsWithin(file, [9, 11], [29_999, 30_001])).found).toEqual([10, 30_000])
  })
})

describe('a dictionary', () => {
  const data = Array.from({ length: count }, (_, at) => `city-${(at * 7919) % 3000}`)
  const file = write({ data, type: 'STRING', encoding: 'RLE_DICTIONARY' }, { pageSize: 4096, rowGroupSize: count })

  it('without an entry looked for leaves the data pages unread where all refer to it', async () => {
    const dictionaryBytes = 3000 * (4 + 'city-2999'.length)
    const absent = await readsOf(file, 'k', 'city-3000')
    expect([absent.rows, absent.reads.length]).toEqual([0, 1])
    expect(absent.bytes).toBeLessThan(dictionaryBytes)
    expect((await readsOf(file, 'k', 'city-2999')).rows).toBe(count / 3000)
  })
})

describe('files of DuckDB', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lethe-pruning-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('sorted by a string key: one row group of ten is read', async () => {
    const path = join(folder, 'sorted.parquet')
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
    await duckdb.run(
      `copy (select 'user-' || lpad(i::varchar, 8, '0') k from range(204800) t(i)) to '${path}' (row_group_size 20480)`,
    )
    const file = await readFile(path)
    const found = await readsOf(file, 'k', key(100_000))
    expect(found.rows).toBe(1)
    expect(found.bytes).toBeLessThan(file.length / 8)
  })
})
