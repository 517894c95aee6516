import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Compression,
  EnabledStatistics,
  Encoding,
  readParquet,
  Table,
  WriterPropertiesBuilder,
  WriterVersion,
  writeParquet,
} from 'parquet-wasm'
import type { FilePlan } from './file-plan.ts'
import { type Column, columnsOf, selectOf } from './generate-columns.ts'
import { hyparquetWriterFile } from './generate-hyparquet.ts'
import { readImage, writeImage } from './image.ts'
import { makeRandom } from './random.ts'
import { duckdb, quoted } from './readers.ts'

export type { FilePlan } from './file-plan.ts'

/** A file of many columns whose key column `id` holds 0, 1, 2 ... */
export async function generateFile(plan: FilePlan): Promise<Uint8Array> {
  const columns = columnsOf(plan)
  const bytes = await writers[plan.writer](plan, columns)
  return plan.checksums ? writeImage(readImage(bytes), { checksums: true }) : bytes
}

type Writer = (plan: FilePlan, columns: readonly Column[]) => Promise<Uint8Array>

const writers: { readonly [Name in FilePlan['writer']]: Writer } = {
  duckdb: (plan, columns) => duckdbFile(plan, selectOf(plan, columns)),
  'arrow-rs': arrowFile,
  'hyparquet-writer': (plan) => Promise.resolve(hyparquetWriterFile(plan)),
}

const duckdbCodecs = {
  UNCOMPRESSED: 'uncompressed',
  SNAPPY: 'snappy',
  GZIP: 'gzip',
  BROTLI: 'brotli',
  ZSTD: 'zstd',
  LZ4_RAW: 'lz4_raw',
} as const

async function duckdbFile(plan: FilePlan, select: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-generate-'))
  try {
    const path = join(folder, 'file.parquet')
    const options = [
      'FORMAT parquet',
      `CODEC '${duckdbCodecs[plan.codec]}'`,
      `ROW_GROUP_SIZE ${plan.rowGroupRows}`,
      `PARQUET_VERSION v${plan.version}`,
      `DICTIONARY_SIZE_LIMIT ${Math.max(1, Math.round(plan.dictionaryBytes / 8))}`,
      `WRITE_BLOOM_FILTER ${plan.bloom}`,
      `KV_METADATA { origin: 'generated', seed: '${plan.seed}' }`,
    ]
    await (await duckdb()).run(`COPY (${select}) TO ${quoted(path)} (${options.join(', ')})`)
    return readFileSync(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const arrowCodecs = {
  UNCOMPRESSED: Compression.UNCOMPRESSED,
  SNAPPY: Compression.SNAPPY,
  GZIP: Compression.GZIP,
  BROTLI: Compression.BROTLI,
  ZSTD: Compression.ZSTD,
  LZ4_RAW: Compression.LZ4_RAW,
} as const

const arrowStatistics = {
  none: EnabledStatistics.None,
  chunk: EnabledStatistics.Chunk,
  page: EnabledStatistics.Page,
} as const

/** The rows come through a file of DuckDB's, so that both writers describe the same table. */
async function arrowFile(plan: FilePlan, columns: readonly Column[]): Promise<Uint8Array> {
  const base = await duckdbFile({ ...plan, codec: 'SNAPPY', version: 1, bloom: false }, selectOf(plan, columns))
  const table = Table.fromIPCStream(readParquet(base).intoIPCStream())
  let properties = new WriterPropertiesBuilder()
    .setWriterVersion(plan.version === 1 ? WriterVersion.V1 : WriterVersion.V2)
    .setCompression(arrowCodecs[plan.codec])
    .setDataPageSizeLimit(plan.pageBytes)
    .setWriteBatchSize(Math.max(1, Math.round(plan.pageBytes / 16)))
    .setMaxRowGroupSize(plan.rowGroupRows)
    .setDictionaryEnabled(plan.dictionaryBytes > 0)
    .setDictionaryPageSizeLimit(Math.max(1, plan.dictionaryBytes))
    .setStatisticsEnabled(arrowStatistics[plan.statistics])
    .setKeyValueMetadata(new Map([['origin', 'generated']]))
    .setCreatedBy('parquet-rs version 57.0.0')
  for (const { path, encodings } of columns.flatMap((column) => column.leaves)) {
    const encoding = encodings?.[plan.encoding]
    if (encoding !== undefined) properties = properties.setColumnEncoding(path, Encoding[encoding])
  }
  return writeParquet(table, properties.build())
}

/** Plans that differ in everything a plan can say, the same for the same seed. */
export function makePlans(seed: number, count: number): FilePlan[] {
  const random = makeRandom(seed)
  return Array.from({ length: count }, () => ({
    seed: random.below(1_000_000),
    writer: random.pick(['duckdb', 'arrow-rs', 'arrow-rs', 'hyparquet-writer'] as const),
    rows: 20 + random.below(600),
    rowGroupRows: random.pick([50, 200, 100_000]),
    codec: random.pick(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'] as const),
    version: random.pick([1, 2] as const),
    columns: 3 + random.below(8),
    pageBytes: random.pick([64, 500, 4000, 1_000_000]),
    dictionaryBytes: random.pick([0, 200, 1_000_000, 1_000_000]),
    encoding: random.pick(['PLAIN', 'DELTA', 'BYTE_STREAM_SPLIT'] as const),
    statistics: random.pick(['none', 'chunk', 'page', 'page'] as const),
    bloom: random.oneIn(2),
    checksums: random.oneIn(3),
  }))
}
