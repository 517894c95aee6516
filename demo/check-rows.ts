import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

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
 * Compares a folder with its copy from before, with DuckDB, which shares no code with Lethe: reads every row of both as
 * it is written, takes the people's rows out of the copy, and hashes the rest file by file, in order.
 *
 * @param isPerson an SQL condition on the column `row` that is true for rows of the people.
 */
export async function checkRows({
  before,
  after,
  isPerson,
}: {
  readonly before: string
  readonly after: string
  readonly isPerson: string
}): Promise<Check> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    const wanted = await filesOf(connection, before, isPerson)
    const found = await filesOf(connection, after, isPerson)
    return {
      rowsBefore: sum(wanted, 'rows'),
      rowsOfPeople: sum(wanted, 'people'),
      rowsAfter: sum(found, 'rows'),
      rowsLeft: sum(found, 'people'),
      filesChanged: [...wanted].filter(([name, { hash }]) => found.get(name)?.hash !== hash).map(([name]) => name),
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

interface FileRows {
  readonly rows: number
  readonly people: number
  /** Of the other rows, in order. */
  readonly hash: string | null
}

async function filesOf(connection: DuckDBConnection, folder: string, isPerson: string): Promise<Map<string, FileRows>> {
  const reader = await connection.runAndReadAll(`
    WITH marked AS (
      SELECT filename, json::VARCHAR AS text, coalesce((${isPerson}), false) AS person
      FROM (SELECT filename, json, json AS row FROM read_ndjson_objects('${folder}/**/*.ndjson', filename = true))
    )
    SELECT filename, count(*)::INTEGER AS rows, count(*) FILTER (person)::INTEGER AS people,
           md5(string_agg(text, chr(10)) FILTER (NOT person)) AS hash
    FROM marked GROUP BY filename`)
  return new Map(
    reader.getRowObjectsJson().map((row) => {
      const { filename, rows, people, hash } = row as unknown as FileRows & { filename: string }
      return [filename.slice(folder.length), { rows, people, hash }]
    }),
  )
}

function sum(files: ReadonlyMap<string, FileRows>, count: 'rows' | 'people'): number {
  return [...files.values()].reduce((total, file) => total + file[count], 0)
}
