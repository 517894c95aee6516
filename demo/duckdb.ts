import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** Opens DuckDB in memory for one piece of work. One thread: it then reads the rows of a file in their order. */
export async function withDuckDb<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    return await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
