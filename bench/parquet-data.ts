import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, version as duckdbVersion } from '@duckdb/node-api'
import { Compression, readParquet, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm'

/** A Parquet file to measure with, and the columns that name a person's rows. */
export interface ParquetData {
  readonly name: string
  readonly path: string
  readonly rows: number
  readonly keys: readonly KeyColumn[]
  readonly facts: readonly string[]
}

export interface KeyColumn {
  readonly name: string
  /** Of DuckDB, which has to compare like with like. */
  readonly sqlType: string
  /** The text of a value as matches have it, in DuckDB's SQL. */
  readonly text: string
}

const userId: KeyColumn = { name: 'user_id', sqlType: 'VARCHAR', text: 'user_id' }

export interface MakeRequest {
  readonly folder: string
  readonly rows: number
}

export interface PagedRequest extends MakeRequest {
  /** Of a page or a dictionary, before it is compressed. */
  readonly pageBytes?: number
  readonly rowGroupRows?: number
}

/** An event log of 10 columns, about 120 bytes a row; `user_id` is unique and in no order. */
function selectEvents(rows: number): string {
  return `
    SELECT i AS event_id,
      'u-' || md5(i::VARCHAR)[1:16] AS user_id,
      'person.' || md5((i + 7)::VARCHAR)[1:10] || '@example.org' AS email,
      TIMESTAMP '2026-01-01' + to_milliseconds((hash(i) % 20000000000)::BIGINT) AS at,
      '/products/' || (hash(i, 1) % 5000) || '?ref=mail' AS page,
      (hash(i, 2) % 100000000)::DOUBLE / 7 AS ms,
      hash(i, 3) % 7 > 0 AS ok,
      (hash(i, 4) % 200)::INTEGER AS country,
      ((hash(i, 5) % 10000000)::DOUBLE / 100)::DECIMAL(12, 2) AS amount,
      md5(hash(i, 6)::VARCHAR) || md5(hash(i, 7)::VARCHAR) AS note
    FROM range(${rows}) AS t(i)`
}

/** By DuckDB, which writes one page a chunk. */
export async function makeOnePageFile({ folder, rows }: MakeRequest): Promise<ParquetData> {
  const path = join(folder, 'one-page.parquet')
  await copyTo(path, rows)
  return { name: 'one page a chunk, snappy', path, rows, keys: [userId], facts: factsOf(rows, 'DuckDB') }
}

/** By arrow-rs, whose pages are of 1 MiB or 20,000 rows, its row groups of a million rows. */
export async function makePagedFile(
  { folder, rows, pageBytes = 1024 ** 2, rowGroupRows = 1024 ** 2 }: PagedRequest,
  codec: 'SNAPPY' | 'ZSTD',
): Promise<ParquetData> {
  const base = join(folder, 'base.parquet')
  const path = join(folder, `${codec.toLowerCase()}.parquet`)
  await copyTo(base, rows)
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression[codec])
    .setDataPageSizeLimit(pageBytes)
    .setDictionaryPageSizeLimit(pageBytes)
    .setMaxRowGroupSize(rowGroupRows)
    .build()
  await writeFile(path, writeParquet(readParquet(await readFile(base)), properties))
  await rm(base)
  return { name: `1 MiB pages, ${codec.toLowerCase()}`, path, rows, keys: [userId], facts: factsOf(rows, 'arrow-rs') }
}

async function copyTo(path: string, rows: number): Promise<void> {
  const connection = await connect(2)
  await connection.run(`COPY (${selectEvents(rows)}) TO '${path}' (FORMAT parquet, CODEC 'snappy')`)
}

function factsOf(rows: number, writer: string): string[] {
  return [`${rows} rows of 10 columns by ${writer}, key user_id, one row for each id; DuckDB ${duckdbVersion()}`]
}

/** A connection whose table `ids` has the keys, in the columns' own types, when `ids` is given. */
export async function connect(threads: number): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) })
  return instance.connect()
}

export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows()
}
