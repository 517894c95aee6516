import type { DuckDBConnection } from '@duckdb/node-api'
import { withDuckDb } from './duckdb.ts'

/** SQL that reads files below a folder, row by row in their order: `filename`, `row`, and whether it is a `person`'s. */
export type ReadRows = (folder: string) => string

/** Every row of NDJSON as it is written. `isPerson` is an SQL condition on the column `json`. */
export function ndjsonRows(files: string, isPerson: string): ReadRows {
  return (folder) =>
    `SELECT filename, json::VARCHAR AS row, coalesce((${isPerson}), false) AS person
     FROM read_ndjson_objects('${folder}/${files}', filename = true)`
}

/** Every row of Parquet with all its values. `isPerson` is an SQL condition on its columns. */
export function parquetRows(files: string, isPerson: string): ReadRows {
  return (folder) =>
    `SELECT filename, row(*COLUMNS(* EXCLUDE filename)) AS row, coalesce((${isPerson}), false) AS person
     FROM read_parquet('${folder}/${files}', filename = true)`
}

export interface Check {
  readonly rowsBefore: number
  readonly rowsOfPeople: number
  readonly rowsAfter: number
  /** Rows of the people that are still there; must be none. */
  readonly rowsLeft: number
  /** Files whose other rows, or their order, are not what they were; must be none. */
  readonly filesChanged: readonly string[]
}

/**
 * Compares a folder with its copy from before, with DuckDB, which shares no code with Lethe: reads every row of both,
 * takes the people's rows out, and hashes the rest file by file, each row with its place among those kept.
 */
export async function checkRows(
  reads: readonly ReadRows[],
  { before, after }: { readonly before: string; readonly after: string },
): Promise<Check> {
  return await withDuckDb(async (connection) => {
    const check = { rowsBefore: 0, rowsOfPeople: 0, rowsAfter: 0, rowsLeft: 0, filesChanged: [] as string[] }
    for (const read of reads) {
      const wanted = await filesOf(connection, before, read)
      const found = await filesOf(connection, after, read)
      for (const [name, { rows, people, hash }] of wanted) {
        const is = found.get(name)
        check.rowsBefore += rows
        check.rowsOfPeople += people
        check.rowsAfter += is?.rows ?? 0
        check.rowsLeft += is?.people ?? 0
        if (is?.hash !== hash) check.filesChanged.push(name)
      }
    }
    return check
  })
}

interface FileRows {
  readonly rows: number
  readonly people: number
  /** Of the other rows, in order. */
  readonly hash: string | null
}

async function filesOf(connection: DuckDBConnection, folder: string, read: ReadRows): Promise<Map<string, FileRows>> {
  // An empty OVER () numbers the rows as they come, without sorting them.
  const reader = await connection.runAndReadAll(`
    WITH rows AS (${read(folder)}),
    counts AS (
      SELECT filename, count(*)::INTEGER AS rows, count(*) FILTER (person)::INTEGER AS people FROM rows GROUP BY filename
    ),
    kept AS (SELECT filename, row, row_number() OVER () AS place FROM rows WHERE NOT person),
    hashes AS (SELECT filename, sum(hash(place, row))::VARCHAR AS hash FROM kept GROUP BY filename)
    SELECT * FROM counts LEFT JOIN hashes USING (filename)`)
  return new Map(
    reader.getRowObjectsJson().map((row) => {
      const { filename, rows, people, hash } = row as unknown as FileRows & { filename: string }
      return [filename.slice(folder.length), { rows, people, hash }]
    }),
  )
}
