import { join } from 'node:path'
import type { BenchGroup } from '../comparison.ts'
import { compareParquet } from '../parquet-comparisons.ts'
import type { ParquetData } from '../parquet-data.ts'
import { parquetTasks } from '../parquet-tasks.ts'

/** Real data of another writer: 3 million flights of the package vega-datasets, whose key is made of three columns. */
const flights: ParquetData = {
  name: 'flights-3m, zstd',
  path: join(import.meta.dirname, '../../node_modules/vega-datasets/data/flights-3m.parquet'),
  rows: 3_000_000,
  keys: [
    { name: 'date', sqlType: 'TIMESTAMP', text: "strftime(date, '%Y-%m-%dT%H:%M:%S.%f')" },
    { name: 'origin', sqlType: 'VARCHAR', text: 'origin' },
    { name: 'destination', sqlType: 'VARCHAR', text: 'destination' },
  ],
  facts: ['3,000,000 rows of 5 columns, key (date, origin, destination)'],
}

export const group: BenchGroup = {
  name: 'parquet-flights',
  prepare: ({ folder }) =>
    compareParquet({ folder, data: flights, codec: 'zstd', find: [1, 1000, 100_000], erase: [10, 1000, 100_000] }),
}

export const tasks = parquetTasks
