import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import type { FilePlan } from './file-plan.ts'
import { compressPage } from './generate-codecs.ts'
import { makeRandom, type Random } from './random.ts'

/**
 * A file by hyparquet-writer, which has what the others lack: FLOAT16, geometries with boxes, variants shredded and
 * plain, truncated statistics, bloom filters for any column, column indexes behind the data.
 */
export function hyparquetWriterFile(plan: FilePlan): Uint8Array {
  const random = makeRandom(plan.seed)
  const without = new Set(plan.without)
  const make = (value: (row: number) => unknown): unknown[] =>
    Array.from({ length: plan.rows }, (_, row) => value(row)).filter((_, row) => !without.has(row))
  const hasIndexes = plan.statistics === 'page'
  const common = { columnIndex: hasIndexes, offsetIndex: hasIndexes, bloomFilter: plan.bloom }
  const columns: ColumnSource[] = [
    { name: 'id', data: make(BigInt), type: 'INT64', nullable: false, ...common, ...encodingOf(plan, 'whole') },
    {
      name: 'canary',
      data: make(() => `canary-${hex(random, 16)}`),
      type: 'STRING',
      ...common,
      ...encodingOf(plan, 'text'),
    },
  ]
  const left = [...choices]
  while (columns.length < plan.columns + 2 && left.length > 0) {
    const { name, type, value, kind, shredding } = left.splice(random.below(left.length), 1)[0]!
    const data = make((row) => (random.oneIn(6) ? null : value(random, row)))
    const bloomFilter = plan.bloom && kind !== 'other'
    columns.push({
      name,
      data,
      type,
      ...common,
      bloomFilter,
      ...encodingOf(plan, kind),
      ...(shredding === undefined ? {} : { shredding }),
    })
  }
  const buffer = parquetWriteBuffer({
    columnData: columns,
    codec: plan.codec,
    compressors: compressPage,
    statistics: plan.statistics !== 'none',
    rowGroupSize: plan.rowGroupRows,
    pageSize: plan.pageBytes,
    kvMetadata: [{ key: 'origin', value: 'generated' }],
  })
  return new Uint8Array(buffer)
}

type Kind = 'whole' | 'real' | 'text' | 'other'

const encodings = {
  PLAIN: { whole: 'PLAIN', real: 'PLAIN', text: 'PLAIN' },
  DELTA: { whole: 'DELTA_BINARY_PACKED', real: 'PLAIN', text: 'DELTA_BYTE_ARRAY' },
  BYTE_STREAM_SPLIT: { whole: 'BYTE_STREAM_SPLIT', real: 'BYTE_STREAM_SPLIT', text: 'DELTA_LENGTH_BYTE_ARRAY' },
} as const

function encodingOf({ encoding, dictionaryBytes }: FilePlan, kind: Kind): Pick<ColumnSource, 'encoding'> {
  if (kind === 'other' || dictionaryBytes > 0) return {}
  return { encoding: encodings[encoding][kind] }
}

interface Choice {
  readonly name: string
  readonly type: NonNullable<ColumnSource['type']>
  readonly kind: Kind
  readonly value: (random: Random, row: number) => unknown
  readonly shredding?: NonNullable<ColumnSource['shredding']>
}

const choices: readonly Choice[] = [
  { name: 'flag', type: 'BOOLEAN', kind: 'other', value: (random) => random.oneIn(3) },
  { name: 'whole', type: 'INT32', kind: 'whole', value: (random) => random.below(2 ** 31) - 2 ** 30 },
  { name: 'few', type: 'INT32', kind: 'whole', value: (random) => random.below(20) },
  { name: 'single', type: 'FLOAT', kind: 'real', value: (random) => Math.fround(random.below(1e6) / 7) },
  {
    name: 'double',
    type: 'DOUBLE',
    kind: 'real',
    value: (random) => (random.oneIn(9) ? Number.NaN : random.below(1e9) / 7),
  },
  { name: 'bytes', type: 'BYTE_ARRAY', kind: 'text', value: (random) => random.bytes(random.below(30)) },
  { name: 'word', type: 'STRING', kind: 'text', value: (random) => `word ${random.below(60)}` },
  {
    name: 'text',
    type: 'STRING',
    kind: 'text',
    value: (random) => `a rather long common beginning ${hex(random, 12)}`,
  },
  { name: 'json', type: 'JSON', kind: 'other', value: (random) => ({ a: random.below(1000), b: [hex(random, 4)] }) },
  { name: 'moment', type: 'TIMESTAMP', kind: 'whole', value: (random) => new Date(random.below(2e12)) },
  { name: 'uuid', type: 'UUID', kind: 'other', value: (random) => random.bytes(16) },
  { name: 'half', type: 'FLOAT16', kind: 'other', value: (random) => random.below(2000) / 8 },
  {
    name: 'place',
    type: 'GEOMETRY',
    kind: 'other',
    value: (random) => ({ type: 'Point', coordinates: [random.below(36000) / 100, random.below(18000) / 100 - 90] }),
  },
  {
    name: 'variant',
    type: 'VARIANT',
    kind: 'other',
    value: (random, row) => (random.oneIn(2) ? { user: hex(random, 8), row } : random.below(1000)),
  },
  {
    name: 'shredded',
    type: 'VARIANT',
    kind: 'other',
    value: (random) => ({ kind: `kind ${random.below(5)}`, user: hex(random, 8) }),
    shredding: { kind: 'STRING' },
  },
]

function hex(random: Random, bytes: number): string {
  return Buffer.from(random.bytes(bytes)).toString('hex')
}
