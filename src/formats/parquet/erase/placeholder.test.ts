import { describe, expect, it } from 'vitest'
import { query } from '../../../../test/parquet/readers.ts'
import { ByteSet } from '../find/byte-set.ts'
import { SchemaElement } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import type { ThriftStruct } from '../thrift.ts'
import { setField } from '../thrift-fields.ts'
import { viewOf } from '../view-of.ts'
import { choosePlaceholders } from './choose-placeholders.ts'
import { placeholderSeries } from './placeholder.ts'

function column(
  physicalType: LeafColumn['physicalType'],
  type: LeafColumn['type'],
  { typeLength = 0, precision = 0 }: { typeLength?: number; precision?: number } = {},
): LeafColumn {
  const element: ThriftStruct = { fields: [] }
  if (precision > 0) setField(element, SchemaElement.precision, precision)
  return {
    kind: 'leaf',
    path: ['c'],
    index: 0,
    element,
    physicalType,
    typeLength,
    type,
    repetition: 'REQUIRED',
    maxDefinitionLevel: 0,
    maxRepetitionLevel: 0,
    groups: [],
  }
}

const many: readonly (readonly [string, LeafColumn])[] = [
  ['INT32', column('INT32', { kind: 'none' })],
  ['INT64 unsigned', column('INT64', { kind: 'integer', bitWidth: 64, isSigned: false })],
  ['date', column('INT32', { kind: 'date' })],
  ['time', column('INT64', { kind: 'time', unit: 'micros', isAdjustedToUtc: true })],
  ['timestamp', column('INT64', { kind: 'timestamp', unit: 'nanos', isAdjustedToUtc: true })],
  ['INT96', column('INT96', { kind: 'none' })],
  ['float', column('FLOAT', { kind: 'none' })],
  ['double', column('DOUBLE', { kind: 'none' })],
  ['uuid', column('FIXED_LEN_BYTE_ARRAY', { kind: 'uuid' }, { typeLength: 16 })],
  ['interval', column('FIXED_LEN_BYTE_ARRAY', { kind: 'interval' }, { typeLength: 12 })],
  ['string', column('BYTE_ARRAY', { kind: 'string' })],
  ['json', column('BYTE_ARRAY', { kind: 'json' })],
  ['bson', column('BYTE_ARRAY', { kind: 'bson' })],
  ['geometry', column('BYTE_ARRAY', { kind: 'geometry' })],
  ['binary', column('BYTE_ARRAY', { kind: 'none' })],
  ['decimal in INT64', column('INT64', { kind: 'decimal', scale: 2 }, { precision: 15 })],
  ['decimal in bytes', column('BYTE_ARRAY', { kind: 'decimal', scale: 2 }, { precision: 38 })],
  [
    'decimal in 9 bytes',
    column('FIXED_LEN_BYTE_ARRAY', { kind: 'decimal', scale: 2 }, { precision: 20, typeLength: 9 }),
  ],
]

describe('placeholders', () => {
  it.each(many)('%s: the first thousand are distinct and of the right length', (_, leaf) => {
    const series = placeholderSeries(leaf)
    const widths = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, FIXED_LEN_BYTE_ARRAY: leaf.typeLength }
    const texts = new Set<string>()
    for (let n = 0; n < 1000; n += 1) {
      const bytes = series(n, n % 20)!
      if (leaf.physicalType in widths) expect(bytes).toHaveLength(widths[leaf.physicalType as keyof typeof widths])
      texts.add(Buffer.from(bytes).toString('hex'))
    }
    expect(texts.size).toBe(1000)
  })

  it('are none for types with few values, and for those that nobody knows', () => {
    for (const leaf of [
      column('INT32', { kind: 'integer', bitWidth: 8, isSigned: true }),
      column('INT32', { kind: 'decimal', scale: 0 }, { precision: 3 }),
      column('FIXED_LEN_BYTE_ARRAY', { kind: 'float16' }, { typeLength: 2 }),
      column('FIXED_LEN_BYTE_ARRAY', { kind: 'none' }, { typeLength: 1 }),
      column('BYTE_ARRAY', { kind: 'unrecognised' }),
      column('BOOLEAN', { kind: 'none' }),
    ]) {
      expect(placeholderSeries(leaf)(0, 5)).toBeUndefined()
    }
  })

  it('of floating point are finite numbers', () => {
    const float = placeholderSeries(column('FLOAT', { kind: 'none' }))
    const double = placeholderSeries(column('DOUBLE', { kind: 'none' }))
    for (const n of [0, 1, 999, 2 ** 24 - 1]) {
      expect(new DataView(float(n, 0)!.buffer).getFloat32(0, true)).toSatisfy(Number.isFinite)
      expect(new DataView(double(n, 0)!.buffer).getFloat64(0, true)).toSatisfy(Number.isFinite)
    }
  })

  it('of text are valid, by a parser and by a database', async () => {
    const json = placeholderSeries(column('BYTE_ARRAY', { kind: 'json' }))
    for (const n of [0, 1, 12345]) expect(() => JSON.parse(Buffer.from(json(n, 20)!).toString())).not.toThrow()
    const string = placeholderSeries(column('BYTE_ARRAY', { kind: 'string' }))
    for (const n of [0, 1, 12345]) {
      const hex = Buffer.from(string(n, 9)!).toString('hex')
      expect(await query(`SELECT length(decode(unhex('${hex}')))`)).toEqual([[9n]])
    }
  })

  it('equal no entry, no other placeholder and no erased value', () => {
    const leaf = column('INT32', { kind: 'none' })
    const series = placeholderSeries(leaf)
    const taken = Array.from({ length: 3000 }, (_, n) => series(n, 0)!)
    const erased = new ByteSet()
    erased.add(series(3000, 0)!)
    const dictionary = dictionaryOf(taken)
    const chosen = choosePlaceholders(dictionary, { column: leaf, entries: [5, 6, 7], erased })!
    const texts = [...chosen.values()].map((bytes) => Buffer.from(bytes).toString('hex'))
    expect([...chosen.keys()].sort()).toEqual([5, 6, 7])
    expect(new Set(texts).size).toBe(3)
    const forbidden = [...taken, series(3000, 0)!].map((bytes) => Buffer.from(bytes).toString('hex'))
    expect(texts.filter((text) => forbidden.includes(text))).toEqual([])
  })

  it('of decimals differ in number, not only in bytes', () => {
    const leaf = column('BYTE_ARRAY', { kind: 'decimal', scale: 0 }, { precision: 9 })
    const first = placeholderSeries(leaf)(0, 4)!
    const extended = Uint8Array.of(255, 255, ...first)
    const comparable = [first, Uint8Array.of(1, 2, 3, 4)]
    const dictionary = { ...dictionaryOf(comparable), entry: (index: number) => [extended, comparable[1]!][index]! }
    const chosen = choosePlaceholders(dictionary, { column: leaf, entries: [1], erased: new ByteSet() })!
    expect(Buffer.compare(chosen.get(1)!, first)).not.toBe(0)
  })
})

function dictionaryOf(entries: readonly Uint8Array[]) {
  return {
    entry: (index: number) => entries[index]!,
    entriesIn: (set: Pick<ByteSet, 'find'>) =>
      [...entries.keys()].filter((index) => set.find(viewOf(entries[index]!), 0, entries[index]!.length) !== -1),
  }
}
