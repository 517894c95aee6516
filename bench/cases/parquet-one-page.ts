import type { BenchGroup } from '../comparison.ts'
import { compareParquet } from '../parquet-comparisons.ts'
import { makeOnePageFile } from '../parquet-data.ts'
import { parquetTasks } from '../parquet-tasks.ts'

const fullRows = 4_000_000

export const group: BenchGroup = {
  name: 'parquet-one-page',
  async prepare({ folder, scale }) {
    const data = await makeOnePageFile({ folder, rows: Math.round(fullRows * scale) })
    return compareParquet({
      folder,
      data,
      codec: 'snappy',
      find: [1, 1000, 100_000, 1_000_000],
      erase: [10, 1000, 100_000],
    })
  },
}

export const tasks = parquetTasks
