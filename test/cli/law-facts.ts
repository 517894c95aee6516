import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { readFile as readAvro, writeFile as writeAvro } from '../avro/container-file.ts'
import { duckdb, query, quoted } from '../parquet/readers.ts'
import { lines, makeLake, runLethe } from './run-lethe.ts'

/** A file with the column `k`. */
export interface Facts {
  readonly format: 'ndjson' | 'csv' | 'parquet' | 'avro'
  readonly title: string
  /** Parquet: SQL. Avro: a schema. */
  readonly type?: unknown
  /** NDJSON: raw tokens, undefined where the key is missing. CSV: raw cells. Parquet: SQL. Avro: what avsc writes. */
  readonly values: readonly unknown[]
  /** For each text the rows, from 0, that it equals; null for one that cannot be a value of the type. */
  readonly equals: Readonly<Record<string, readonly number[] | null>>
}

export interface Fact extends Facts {
  readonly text: string
  readonly rows: readonly number[]
  readonly isImpossible: boolean
}

export interface Outcome {
  readonly status: string
  readonly reason: string | undefined
  readonly matched: number | undefined
  readonly warnings: readonly string[]
  /** The rows that are left, by the independent reader. */
  readonly left: readonly number[]
}

export function factsOf(tables: readonly Facts[]): Fact[] {
  return tables.flatMap((table) =>
    Object.entries(table.equals).map(([text, rows]) => ({
      ...table,
      text,
      rows: rows ?? [],
      isImpossible: rows === null,
    })),
  )
}

/**
 * Erases all facts in one run of the command. Each has a file and a column of its own, so that none touches another.
 * Writers and readers of the files share no code with Lethe.
 */
export async function eraseFacts(facts: readonly Fact[]): Promise<Outcome[]> {
  using lake = makeLake({ 'matches.ndjson': lines(...facts.map(({ text }, index) => ({ [`k${index}`]: text }))) })
  const paths = facts.map(({ format }, index) => lake.path(`k${index}.${format}`))
  for (const [index, fact] of facts.entries()) await write[fact.format](fact, paths[index]!, `k${index}`)
  const run = await runLethe(['erase', ...paths, '--matches', lake.path('matches.ndjson'), '--yes', '--json'])
  if (run.stdout === '') throw new Error(run.stderr)
  const { objects } = JSON.parse(run.stdout) as Document
  const outcomes: Outcome[] = []
  for (const [index, { format }] of facts.entries()) {
    const { status, reason, rows, warnings } = objects.find(({ uri }) => uri === paths[index])!
    const left = await read[format](paths[index]!)
    outcomes.push({
      status,
      reason: reason?.code,
      matched: rows?.matched,
      warnings: warnings.map(({ code }) => code),
      left,
    })
  }
  return outcomes
}

interface Document {
  readonly objects: readonly {
    readonly uri: string
    readonly status: string
    readonly reason: { readonly code: string } | null
    readonly rows?: { readonly matched: number }
    readonly warnings: readonly { readonly code: string }[]
  }[]
}

type Write = (facts: Facts, path: string, column: string) => Promise<void> | void

const write: Readonly<Record<Facts['format'], Write>> = {
  ndjson({ values }, path, column) {
    const lineOf = (value: unknown, row: number) =>
      value === undefined ? `{"n":${row}}` : `{"n":${row},"${column}":${String(value)}}`
    writeFileSync(path, values.map((value, row) => `${lineOf(value, row)}\n`).join(''))
  },
  csv({ values }, path, column) {
    writeFileSync(path, [`n,${column}`, ...values.map((value, row) => `${row},${String(value)}`), ''].join('\n'))
  },
  async parquet({ values, type }, path, column) {
    const rows = values.map((value, row) => `(${row}, CAST(${String(value)} AS ${String(type)}))`).join(', ')
    const select = `SELECT * FROM (VALUES ${rows}) AS t(n, ${column}) ORDER BY n`
    await (await duckdb()).run(`COPY (${select}) TO ${quoted(path)} (FORMAT parquet)`)
  },
  async avro({ values, type }, path, column) {
    const fields = [
      { name: 'n', type: 'int' },
      { name: column, type },
    ]
    const rows = values.map((value, n) => ({ n, [column]: value }))
    writeFileSync(path, await writeAvro({ type: 'record', name: 'Row', fields }, rows))
  },
}

const read: Readonly<Record<Facts['format'], (path: string) => Promise<number[]> | number[]>> = {
  ndjson: (path) => [...readFileSync(path, 'utf8').matchAll(/^\{"n":([0-9]+)/gm)].map(([, row]) => Number(row)),
  csv(path) {
    const [, ...records] = parse(readFileSync(path), { relax_column_count: true }) as string[][]
    return records.map(([row]) => Number(row))
  },
  parquet: async (path) => (await query(`SELECT n FROM read_parquet(${quoted(path)})`)).map(([row]) => Number(row)),
  avro: async (path) => (await readAvro(readFileSync(path))).map((row) => (JSON.parse(row) as { n: number }).n),
}
