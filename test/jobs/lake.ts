import { expect } from 'vitest'
import { csvGzipFile, ndjsonFile, parquetFile, type Row, readRows, type TestWorld } from './make-test-world.ts'

const rowsOf = (seed: number): Row[] =>
  Array.from({ length: 200 }, (_, n) => ({ user_id: `user-${(n * 7 + seed) % 100}`, n: n + seed * 1000 }))

/** Two rows of each of a hundred users in every file, by its name. */
const files: Readonly<Record<string, readonly Row[]>> = {
  'clicks/day=1/a.ndjson': rowsOf(1),
  'clicks/day=2/b.ndjson': rowsOf(2),
  'orders/a.parquet': rowsOf(3),
  'people/a.csv.gz': rowsOf(4),
}

export async function fillLake({ lake }: Pick<TestWorld, 'lake'>): Promise<void> {
  for (const [name, rows] of Object.entries(files)) {
    const write = name.endsWith('.parquet') ? parquetFile : name.endsWith('.gz') ? csvGzipFile : ndjsonFile
    await lake.put(name, write(rows))
  }
}

export async function expectLeft({ lake }: Pick<TestWorld, 'lake'>, isLeft: (row: Row) => boolean): Promise<void> {
  for (const [name, rows] of Object.entries(files))
    expect(await readRows(lake, name), name).toEqual(rows.filter(isLeft))
}

export async function matchStates({ queue }: Pick<TestWorld, 'queue'>): Promise<string[]> {
  const states: string[] = []
  for await (const match of queue.list()) states.push(match.state)
  return states
}
