import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, version as duckdbVersion } from '@duckdb/node-api'
import type { BenchGroup, Comparison, Contender, Task } from '../comparison.ts'
import { eventOf, spreadIds, writeRows } from '../make-events.ts'
import { tasks as ndjsonTasks } from './ndjson.ts'

const fullRows = 4_000_000
const columns = ['event_id', 'user_id', 'at', 'page', 'ms', 'ok'] as const

export const group: BenchGroup = {
  name: 'csv',
  async prepare({ folder, scale }) {
    const rows = Math.round(fullRows * scale)
    const data = join(folder, 'events.csv')
    await writeRows(data, rows, (row) => `${row === 0 ? `${columns.join()}\n` : ''}${csvOf(row)}\n`)
    const { size } = await stat(data)
    const facts = [
      `${rows} rows, ${(size / 1e6).toFixed(0)} MB, key user_id, one row for each id; DuckDB ${duckdbVersion()}`,
    ]
    const few = { path: join(folder, 'ids-10.txt'), ids: spreadIds(rows, Math.min(10, rows)) }
    const strangers = Array.from({ length: 1_000_000 }, (_, index) => `x-${index.toString(16).padStart(8, '0')}`)
    const many = { path: join(folder, 'ids-1000000.txt'), ids: [...few.ids, ...strangers.slice(few.ids.length)] }
    for (const { path, ids } of [few, many]) await writeFile(path, ids.join('\n'))
    const found = few.ids.length
    const request = { data, bytes: size, facts, found }
    return [
      findComparison({ ...request, ids: few.path, count: 10 }),
      findComparison({ ...request, ids: many.path, count: 1_000_000 }),
      eraseComparison({ ...request, ids: few.path, out: join(folder, 'out.csv') }),
    ]
  },
}

/** Row `row` of the event log, about 80 bytes. */
export function csvOf(row: number): string {
  const event = eventOf(row)
  return columns.map((column) => String(event[column])).join()
}

interface Request {
  readonly data: string
  readonly bytes: number
  readonly facts: readonly string[]
  readonly ids: string
  /** Rows that have one of the ids. */
  readonly found: number
}

function findComparison({ data, bytes, facts, ids, found, count }: Request & { readonly count: number }): Comparison {
  const check = async (rows: unknown): Promise<void> => {
    if (rows !== found) throw new Error(`rows found: ${String(rows)} instead of ${found}`)
  }
  const duckdb = (threads: number): Contender => ({
    name: `DuckDB, ${threads} thread${threads === 1 ? '' : 's'}`,
    work: { kind: 'task', task: 'duckdbFind', with: { data, ids, threads } },
    check,
  })
  return {
    title: `CSV: find ${count} ids`,
    facts,
    bytes,
    baseline: 'DuckDB, 1 thread',
    contenders: [
      { name: 'lethe, in process', work: { kind: 'task', task: 'find', with: { data, ids } }, check },
      duckdb(1),
      duckdb(2),
    ],
  }
}

function eraseComparison({ data, bytes, facts, ids, out }: Request & { readonly out: string }): Comparison {
  const after = (): Promise<void> => rm(out, { force: true })
  return {
    title: 'CSV: erase 10 rows',
    facts: [...facts, 'in process: find, edit, verify and write a new file, without fsync'],
    bytes,
    baseline: 'cp',
    contenders: [
      { name: 'lethe, in process', work: { kind: 'task', task: 'erase', with: { data, ids, out } }, after },
      {
        name: 'DuckDB, 1 thread',
        work: { kind: 'task', task: 'duckdbErase', with: { data, ids, out, threads: 1 } },
        after,
      },
      { name: 'grep -v', work: { kind: 'command', argv: ['grep', '-v', '-F', '-f', ids, data], stdout: out }, after },
      { name: 'cp', work: { kind: 'command', argv: ['cp', data, out] }, after },
    ],
  }
}

export const tasks: Readonly<Record<string, Task>> = {
  find: ndjsonTasks['find']!,
  erase: ndjsonTasks['erase']!,

  async duckdbFind({ data, ids, threads }, measure) {
    const connection = await connect(Number(threads), String(ids))
    return await measure(async () => {
      const sql = `SELECT count(*)::INT FROM read_csv('${data}') SEMI JOIN ids USING (user_id)`
      return (await connection.runAndReadAll(sql)).getRows()[0]![0]
    })
  },

  async duckdbErase({ data, ids, out, threads }, measure) {
    const connection = await connect(Number(threads), String(ids))
    const sql = `COPY (FROM read_csv('${data}', all_varchar = true) ANTI JOIN ids USING (user_id)) TO '${out}' (FORMAT csv)`
    return await measure(async () => (await connection.run(sql)).rowsChanged)
  },
}

async function connect(threads: number, ids: string) {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) })
  const connection = await instance.connect()
  await connection.run(`CREATE TABLE ids AS FROM read_csv('${ids}', header = false, columns = {user_id: 'VARCHAR'})`)
  return connection
}
