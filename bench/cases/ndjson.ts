import { createReadStream } from 'node:fs'
import { copyFile, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, version as duckdbVersion } from '@duckdb/node-api'
import { editedChunks } from '../../src/adapters/object-store/edited-chunks.ts'
import { openLake } from '../../src/compose.ts'
import { bind } from '../../src/domain/predicate.ts'
import type { Search } from '../../src/formats/format.ts'
import { detectFormat } from '../../src/formats/registry.ts'
import { makeSpool } from '../../src/formats/spool.ts'
import type { BenchGroup, Comparison, Contender, Task } from '../comparison.ts'
import { eventOf, spreadIds, writeRows } from '../make-events.ts'

const fullRows = 4_000_000
const lethe = join(import.meta.dirname, '..', '..', 'bin', 'lethe.js')

export const group: BenchGroup = {
  name: 'ndjson',
  async prepare({ folder, scale }) {
    const rows = Math.round(fullRows * scale)
    const data = join(folder, 'events.ndjson')
    await writeRows(data, rows, (row) => `${JSON.stringify(eventOf(row))}\n`)
    const { size } = await stat(data)
    const facts = [
      `${rows} rows, ${(size / 1e6).toFixed(0)} MB, key user_id, one row for each id; DuckDB ${duckdbVersion()}`,
    ]
    const lists = await Promise.all([10, 1000, 1_000_000].map((count) => writeIds(folder, rows, count)))
    const request = { folder, data, rows, bytes: size, facts }
    return [...lists.map((ids) => findComparison(request, ids)), eraseComparison(request, lists[0]!)]
  },
}

interface IdList {
  readonly count: number
  /** Rows that have one of the ids. */
  readonly hits: number
  /** One id a line. */
  readonly path: string
  /** The same, as `lethe --matches` reads it. */
  readonly matches: string
}

interface Request {
  readonly folder: string
  readonly data: string
  readonly rows: number
  readonly bytes: number
  readonly facts: readonly string[]
}

/** Of more than a thousand ids the most belong to nobody: nobody erases a quarter of all people. */
async function writeIds(folder: string, rows: number, count: number): Promise<IdList> {
  const hits = Math.min(count, 1000, rows)
  const strangers = Array.from({ length: count - hits }, (_, index) => `x-${index.toString(16).padStart(8, '0')}`)
  const ids = [...spreadIds(rows, hits), ...strangers]
  const path = join(folder, `ids-${count}.txt`)
  const matches = join(folder, `matches-${count}.csv`)
  await writeFile(path, ids.join('\n'))
  await writeFile(matches, ['user_id', ...ids, ''].join('\n'))
  return { count, hits, path, matches }
}

function findComparison({ folder, data, bytes, facts }: Request, { count, hits, path, matches }: IdList): Comparison {
  const check = async (found: unknown) => requireCount('rows found', found, hits)
  const command = [process.execPath, lethe, 'find', data, '--matches', matches, '--json']
  const report = join(folder, 'report.json')
  const duckdb = (threads: number): Contender => ({
    name: `DuckDB, ${threads} thread${threads === 1 ? '' : 's'}`,
    work: { kind: 'task', task: 'duckdbFind', with: { data, ids: path, threads } },
    check,
  })
  // Into a file: where its output goes nowhere, grep stops at the first line.
  const counted = join(folder, 'count.txt')
  const grep: Contender = {
    name: 'grep -c',
    work: { kind: 'command', argv: ['grep', '-c', '-F', '-f', path, data], stdout: counted },
    check: async () => requireCount('lines counted', Number(await readFile(counted, 'utf8')), hits),
  }
  return {
    title: `NDJSON: find ${count} ids`,
    facts,
    bytes,
    baseline: 'DuckDB, 1 thread',
    contenders: [
      { name: 'lethe, in process', work: { kind: 'task', task: 'find', with: { data, ids: path } }, check },
      {
        name: 'lethe find',
        work: { kind: 'command', argv: command, stdout: report },
        check: async () => check(matchedOf(await readFile(report, 'utf8'))),
      },
      duckdb(1),
      duckdb(2),
      // A million patterns take grep minutes: it looks for each of them anywhere in the line.
      ...(count > 10_000 ? [] : [grep]),
    ],
  }
}

function eraseComparison(
  { folder, data, rows, bytes, facts }: Request,
  { count, hits, path, matches }: IdList,
): Comparison {
  const out = join(folder, 'out.ndjson')
  const check = async () => requireCount('rows left', await countLines(out), rows - hits)
  const after = () => rm(out, { force: true })
  const writing = (name: string, work: Contender['work']): Contender => ({ name, work, check, after })
  const duckdb = (threads: number): Contender =>
    writing(`DuckDB, ${threads} thread${threads === 1 ? '' : 's'}`, {
      kind: 'task',
      task: 'duckdbErase',
      with: { data, ids: path, out, threads },
    })
  const command = [process.execPath, lethe, 'erase', out, '--matches', matches, '--yes', '--json']
  return {
    title: `NDJSON: erase ${count} rows`,
    facts: [
      ...facts,
      'in process: find, edit, verify and write a new file, without fsync; the command replaces the file, with fsync',
    ],
    bytes,
    baseline: 'cp',
    contenders: [
      writing('lethe, in process', { kind: 'task', task: 'erase', with: { data, ids: path, out } }),
      { ...writing('lethe erase', { kind: 'command', argv: command }), before: () => copyFile(data, out) },
      duckdb(1),
      duckdb(2),
      writing('grep -v', { kind: 'command', argv: ['grep', '-v', '-F', '-f', path, data], stdout: out }),
      { name: 'cp', work: { kind: 'command', argv: ['cp', data, out] }, after },
    ],
  }
}

export const tasks: Readonly<Record<string, Task>> = {
  async find({ data, ids }, measure) {
    const search = searchFor(await readIds(String(ids)))
    await using object = await openObject(String(data))
    return await measure(async () => (await object.format.find(object.source, search)).rows.size)
  },

  async erase({ data, ids, out }, measure) {
    const search = searchFor(await readIds(String(ids)))
    await using object = await openObject(String(data))
    return await measure(async () => {
      const { source, format } = object
      const found = await format.find(source, search)
      await using spool = makeSpool()
      const edit = await format.erase(source, { search, found, spool })
      await format.verify(source, { search, found, edit })
      await using file = await open(String(out), 'w')
      for await (const chunk of editedChunks(source, edit)) await file.writeFile(chunk)
      return edit.summary.rowsErased
    })
  },

  async duckdbFind({ data, ids, threads }, measure) {
    const connection = await openDuckdb(Number(threads), await readIds(String(ids)))
    return await measure(async () => {
      const sql = `SELECT count(*)::INT FROM read_ndjson('${data}', columns = {user_id: 'VARCHAR'}) SEMI JOIN ids USING (user_id)`
      return (await connection.runAndReadAll(sql)).getRows()[0]![0]
    })
  },

  async duckdbErase({ data, ids, out, threads }, measure) {
    const connection = await openDuckdb(Number(threads), await readIds(String(ids)))
    const sql = `COPY (FROM read_ndjson('${data}') ANTI JOIN ids USING (user_id)) TO '${out}' (FORMAT json)`
    return await measure(async () => (await connection.run(sql)).rowsChanged)
  },
}

async function openObject(path: string) {
  const { store, formats } = await openLake([path])
  const source = await store.open(path)
  const format = await detectFormat(formats, { name: path, source })
  return { source, format, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() }
}

function searchFor(ids: readonly string[]): Search {
  const matches = ids.map((value, position) => ({ kind: 'simple', column: 'user_id', value, position }) as const)
  return { predicate: bind(matches), partitions: [], malformed: 'refuse' }
}

async function openDuckdb(threads: number, ids: readonly string[]) {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) })
  const connection = await instance.connect()
  await connection.run('CREATE TABLE ids (user_id VARCHAR)')
  const appender = await connection.createAppender('ids')
  for (const id of ids) {
    appender.appendVarchar(id)
    appender.endRow()
  }
  appender.closeSync()
  return connection
}

async function readIds(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n')
}

function matchedOf(report: string): number {
  return (JSON.parse(report) as { readonly totals: { readonly rows: { readonly matched: number } } }).totals.rows
    .matched
}

async function countLines(path: string): Promise<number> {
  let lines = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) lines += 1
  }
  return lines
}

function requireCount(what: string, actual: unknown, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${expected}`)
}
