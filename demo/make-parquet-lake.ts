import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { withDuckDb } from './duckdb.ts'

/**
 * Fills a folder with Parquet: payments of a shop as DuckDB writes them, a folder a day as hive has it, and three million
 * flights of the public collection `vega-datasets`, which Polars has written.
 */
export async function makeParquetLake(folder: string): Promise<void> {
  mkdirSync(join(folder, 'flights'), { recursive: true })
  const flights = new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets'))
  copyFileSync(flights, join(folder, 'flights', 'flights-3m.parquet'))
  await withDuckDb((connection) =>
    connection.run(`
      COPY (
        SELECT i AS payment, (hash(i) % 20000)::INTEGER AS customer_id, ((hash(i, 1) % 100000) / 100)::DECIMAL(9, 2) AS amount,
               ['card', 'cash', 'transfer'][1 + (hash(i, 2) % 3)::INTEGER] AS method,
               DATE '2026-03-01' + (i // 50000)::INTEGER AS date
        FROM range(400000) AS numbers(i)
      ) TO '${join(folder, 'payments')}' (FORMAT parquet, PARTITION_BY (date), COMPRESSION zstd)`),
  )
}
