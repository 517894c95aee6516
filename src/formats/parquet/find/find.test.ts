import fc from 'fast-check'
import type { Encoding } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it } from 'vitest'
import type { Match } from '../../../domain/match.ts'
import type { PartitionColumn } from '../../../domain/partition.ts'
import { bind } from '../../../domain/predicate.ts'
import { bytesSource } from '../../range-source.ts'
import { find } from './find.ts'

type Row = Readonly<Record<string, string | bigint | number | null>>

async function findIn(file: Uint8Array, matches: readonly Match[], partitions: readonly PartitionColumn[] = []) {
  const predicate = bind(matches, ['s', 'n'])
  const found = await find(bytesSource(file), { predicate, partitions, malformed: 'refuse' })
  const rows = [...found.rows].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at))
  return { ...found, rows }
}

const small = fc.nat({ max: 12 })
const text = fc.oneof(
  fc.nat({ max: 30 }).map((n) => `user-${n}`),
  fc.nat({ max: 12 }).map(String),
  fc.string({ unit: 'binary', maxLength: 6 }).filter((value) => value.isWellFormed()),
)
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null))

const rowsOf = fc.array(
  fc.record({ s: orNull(text), n: orNull(small.map(BigInt)), f: orNull(small.map((n) => n / 2)) }),
  { minLength: 1, maxLength: 120 },
)

const layout = fc.record({
  pageSize: fc.constantFrom<number[]>(20, 60, 200, 1_000_000),
  rowGroupSize: fc.constantFrom<number[]>(7, 30, 1000),
  columnIndex: fc.boolean(),
  bloomFilter: fc.boolean(),
  encodings: fc.record({
    s: fc.constantFrom<Encoding[]>('PLAIN', 'RLE_DICTIONARY', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'),
    n: fc.constantFrom<Encoding[]>('PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'),
    f: fc.constantFrom<Encoding[]>('PLAIN', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT'),
  }),
})

type Layout = typeof layout extends fc.Arbitrary<infer Value> ? Value : never

function write(rows: readonly Row[], { encodings, columnIndex, bloomFilter, ...options }: Layout): Uint8Array {
  const types = { s: 'STRING', n: 'INT64', f: 'DOUBLE' } as const
  const columnData = (['s', 'n', 'f'] as const).map(
    (name): ColumnSource => ({
      name,
      data: rows.map((row) => row[name]) as never,
      type: types[name],
      nullable: true,
      encoding: encodings[name],
      columnIndex,
      bloomFilter,
    }),
  )
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }))
}

const columnValue = fc.oneof(
  fc.record({ column: fc.constant('s'), value: text }),
  fc.record({ column: fc.constant('n'), value: small.map(String) }),
  fc.record({ column: fc.constant('f'), value: small.map((n) => `${n / 2}`) }),
  fc.record({ column: fc.constant('region'), value: fc.constantFrom('eu', 'us') }),
)

const matchesOf = fc
  .array(
    fc.oneof(
      columnValue.map((value) => ({ kind: 'simple', ...value }) as const),
      fc.record({ kind: fc.constant('simple' as const), value: text }),
      fc
        .uniqueArray(columnValue, { selector: ({ column }) => column, minLength: 1, maxLength: 4 })
        .map((values) => ({ kind: 'composite', values }) as const),
    ),
    { minLength: 1, maxLength: 25 },
  )
  .map((matches) => matches.map((match, position): Match => ({ ...match, position })))

/** By the sentences of the law alone: no value but these three types, each compared as text. */
function equals(row: Row, column: string, value: string): boolean {
  const stored = row[column]
  if (stored === null || stored === undefined) return false
  if (typeof stored === 'string') return stored === value
  return /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(value) && Number(value) === Number(stored)
}

type Tuple = readonly { readonly column: string; readonly value: string }[]

function tuplesOf(match: Match): Tuple[] {
  if (match.kind === 'composite') return [match.values]
  const columns = match.column === undefined ? ['s', 'n'] : [match.column]
  return columns.map((column) => [{ column, value: match.value }])
}

/** Positions of the matches that a row is of; equal tuples of several matches are the first one's. */
function positionsOf(row: Row, matches: readonly Match[]): Set<number> {
  const firsts = new Map<string, number>()
  const positions = new Set<number>()
  for (const match of matches) {
    for (const tuple of tuplesOf(match)) {
      const key = JSON.stringify(tuple.map(({ column, value }) => [column, value]).sort())
      if (!firsts.has(key)) firsts.set(key, match.position)
      if (tuple.every(({ column, value }) => equals(row, column, value))) positions.add(firsts.get(key)!)
    }
  }
  return positions
}

describe('find', () => {
  it('yields the rows, and for each match the number of rows, that a filter over all rows does', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, layout, matchesOf, fc.constantFrom('eu', 'us'), async (rows, how, matches, region) => {
        const found = await findIn(write(rows, how), matches, [{ name: 'region', value: region }])
        const positions = rows.map((row) => positionsOf({ ...row, region }, matches))
        const hits = new Map<number, number>()
        for (const position of positions.flatMap((ofRow) => [...ofRow])) {
          hits.set(position, 1 + (hits.get(position) ?? 0))
        }
        expect(found.rows).toEqual(positions.flatMap((ofRow, at) => (ofRow.size > 0 ? [at] : [])))
        expect(found.rowsSeen).toBe(rows.length)
        expect(new Map(found.hits)).toEqual(hits)
      }),
      { numRuns: 400 },
    )
  })

  it('counts a row once for a match that equals it in two columns', async () => {
    const file = write([{ s: '7', n: 7n, f: 1 }], {
      pageSize: 100,
      rowGroupSize: 10,
      columnIndex: false,
      bloomFilter: false,
      encodings: { s: 'PLAIN', n: 'PLAIN', f: 'PLAIN' },
    })
    const found = await findIn(file, [{ kind: 'simple', value: '7', position: 0 }])
    expect([found.rows, [...found.hits]]).toEqual([[0], [[0, 1]]])
  })

  it('a match of a partition alone is every row, and reads nothing but the footer', async () => {
    const file = new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: 'x', data: Array.from({ length: 1000 }, (_, at) => at) }] }),
    )
    const matches: Match[] = [{ kind: 'simple', column: 'region', value: 'eu', position: 3 }]
    expect((await findIn(file, matches, [{ name: 'region', value: 'eu' }])).rows).toHaveLength(1000)
    expect((await findIn(file, matches, [{ name: 'region', value: null }])).rows).toEqual([])
    const without = await findIn(file, matches)
    expect([without.rows, [...without.columns], without.rowsSeen]).toEqual([[], [], 1000])
  })

  it('says which of the columns that matches name are there, as they spell them', async () => {
    const file = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'Id', data: ['a', 'b'] }] }))
    const found = await findIn(file, [
      { kind: 'simple', column: 'ID', value: 'b', position: 0 },
      { kind: 'simple', column: 'gone', value: 'b', position: 1 },
    ])
    expect([found.rows, [...found.columns]]).toEqual([[1], ['ID']])
  })
})
