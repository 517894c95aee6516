import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { bind } from '../src/domain/predicate.ts'
import type { Search } from '../src/formats/format.ts'
import { connect, type KeyColumn, type ParquetData, rowsOf } from './parquet-data.ts'

/** Keys to look for in a file. */
export interface KeyList {
  readonly count: number
  /** Rows of the file that have one of them, as DuckDB counts. */
  readonly hits: number
  /** A JSON array a line, a text for each key column. */
  readonly path: string
  /** The same, as `lethe --matches` reads it. */
  readonly matches: string
}

/** Of more than so many keys the others belong to nobody: nobody erases a quarter of all people. */
const mostPeople = 100_000

/** Writes the keys of rows that are spread evenly over a file, and keys of nobody to make up their number. */
export async function writeKeys(folder: string, data: ParquetData, count: number): Promise<KeyList> {
  const people = Math.min(count, mostPeople, data.rows)
  const connection = await connect(2)
  const texts = data.keys.map(({ text }) => text).join(', ')
  const step = data.rows / people
  const chosen = `file_row_number = floor((floor(file_row_number / ${step}) + 0.5) * ${step})::BIGINT`
  const source = `read_parquet('${data.path}', file_row_number = true)`
  const keys = (await rowsOf(connection, `SELECT ${texts} FROM ${source} WHERE ${chosen}`)) as string[][]
  for (let index = keys.length; index < count; index += 1) {
    keys.push(data.keys.map(() => `nobody-${index.toString(16).padStart(8, '0')}`))
  }
  const path = join(folder, `${data.keys[0]!.name}-${count}.jsonl`)
  const matches = join(folder, `${data.keys[0]!.name}-${count}.csv`)
  await writeFile(path, keys.map((key) => JSON.stringify(key)).join('\n'))
  await writeFile(matches, [data.keys.map(({ name }) => name), ...keys].map((cells) => `${cells.join()}\n`).join(''))
  await loadKeys(connection, { path, keys: data.keys })
  const [[hits]] = (await rowsOf(
    connection,
    `SELECT count(*)::INT FROM ${withKeys('SEMI', data.path, data.keys)}`,
  )) as [[number]]
  return { count: keys.length, hits, path, matches }
}

export interface KeyFile {
  readonly path: string
  readonly keys: readonly Omit<KeyColumn, 'text'>[]
}

/** Makes a table `ids` of the keys, in the types of the columns, as a person would who knows DuckDB. */
export async function loadKeys(connection: DuckDBConnection, { path, keys }: KeyFile): Promise<void> {
  const columns = keys.map(({ name, sqlType }, index) => `TRY_CAST(key[${index + 1}] AS ${sqlType}) AS ${name}`)
  await connection.run(
    `CREATE TABLE ids AS SELECT ${columns.join(', ')}
     FROM read_json('${path}', format = 'newline_delimited', records = false, columns = {key: 'VARCHAR[]'})`,
  )
}

/** The rows of a file that have one of the keys (`SEMI`), or none (`ANTI`). */
export function withKeys(kind: 'SEMI' | 'ANTI', path: string, keys: readonly Pick<KeyColumn, 'name'>[]): string {
  return `read_parquet('${path}') ${kind} JOIN ids USING (${keys.map(({ name }) => name).join(', ')})`
}

export async function searchForKeys({ path, keys }: KeyFile): Promise<Search> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  const matches = lines.map((line, position) => {
    const texts = JSON.parse(line) as string[]
    const values = keys.map(({ name }, index) => ({ column: name, value: texts[index]! }))
    if (values.length > 1) return { kind: 'composite' as const, values, position }
    return { kind: 'simple' as const, ...values[0]!, position }
  })
  return { predicate: bind(matches), partitions: [], malformed: 'refuse' }
}
