import { copyFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Comparison, Contender, TaskArguments } from './comparison.ts'
import { connect, type ParquetData, rowsOf } from './parquet-data.ts'
import { type KeyList, writeKeys } from './parquet-keys.ts'

const lethe = join(import.meta.dirname, '..', 'bin', 'lethe.js')

export interface ParquetComparisons {
  readonly folder: string
  readonly data: ParquetData
  readonly codec: 'snappy' | 'zstd'
  readonly find: readonly number[]
  readonly erase: readonly number[]
}

/** Finds and erasures of so many keys, against DuckDB, the codec's own limit, and `cp`. */
export async function compareParquet({ folder, data, codec, find, erase }: ParquetComparisons): Promise<Comparison[]> {
  const { size } = await stat(data.path)
  const facts = [`${(size / 1e6).toFixed(0)} MB, ${data.name}`, ...data.facts]
  const lists = new Map<number, KeyList>()
  for (const count of new Set([...find, ...erase])) lists.set(count, await writeKeys(folder, data, count))
  const request = { folder, data, codec, bytes: size, facts }
  return [
    ...find.map((count) => findComparison(request, lists.get(count)!)),
    ...erase.map((count) => eraseComparison(request, lists.get(count)!)),
  ]
}

interface Request {
  readonly folder: string
  readonly data: ParquetData
  readonly codec: string
  readonly bytes: number
  readonly facts: readonly string[]
}

function findComparison({ data, bytes, facts }: Request, list: KeyList): Comparison {
  const args = taskArguments(data, list)
  const check = async (found: unknown) => requireCount('rows found', found, list.hits)
  const command = [process.execPath, lethe, 'find', data.path, '--matches', list.matches, '--json']
  return {
    title: `Parquet, ${data.name}: find ${list.count} keys`,
    facts: [...facts, `${list.hits} rows have one of the keys; limit: decompressing the key columns`],
    bytes,
    baseline: 'DuckDB, 1 thread',
    contenders: [
      { name: 'lethe, in process', work: { kind: 'task', task: 'find', with: args }, check },
      { name: 'lethe find', work: { kind: 'command', argv: command } },
      ...[1, 2].map((threads) => ({
        name: duckdbName(threads),
        work: { kind: 'task' as const, task: 'duckdbFind', with: { ...args, threads } },
        check,
      })),
      { name: 'limit', work: { kind: 'task', task: 'findLimit', with: args } },
    ],
  }
}

function eraseComparison({ folder, data, codec, bytes, facts }: Request, list: KeyList): Comparison {
  const out = join(folder, 'out.parquet')
  const args = { ...taskArguments(data, list), out, codec }
  const check = async () => requireCount('rows left', await countRows(out), data.rows - list.hits)
  const after = () => rm(out, { force: true })
  const writing = (name: string, work: Contender['work']): Contender => ({ name, work, check, after })
  const forgetting = (what: string, threads: number, task: string): Contender =>
    writing(`lethe, ${what}, ${threadsName(threads)}`, { kind: 'task', task, with: { ...args, threads } })
  const command = [process.execPath, lethe, 'erase', out, '--matches', list.matches, '--yes', '--json']
  return {
    title: `Parquet, ${data.name}: erase ${list.hits} rows`,
    facts: [
      ...facts,
      'forget: edit, verify and write, in process, without find and fsync; the command does all of it, with fsync',
      'limit: cp, and decompressing and compressing the pages with such a row',
    ],
    bytes,
    baseline: 'limit',
    contenders: [
      ...[1, 2].map((threads) => forgetting('forget', threads, 'forget')),
      ...[1, 2].flatMap((threads) => [
        forgetting('of it edit and write', threads, 'forgetEdit'),
        forgetting('of it verify', threads, 'forgetVerify'),
      ]),
      { ...writing('lethe erase', { kind: 'command', argv: command }), before: () => copyFile(data.path, out) },
      ...[1, 2].map((threads) =>
        writing(duckdbName(threads), { kind: 'task', task: 'duckdbErase', with: { ...args, threads } }),
      ),
      { name: 'limit', work: { kind: 'task', task: 'forgetLimit', with: args }, after },
      { name: 'cp', work: { kind: 'command', argv: ['cp', data.path, out] }, after },
    ],
  }
}

function duckdbName(threads: number): string {
  return `DuckDB, ${threadsName(threads)}`
}

function threadsName(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`
}

function taskArguments(data: ParquetData, list: KeyList): TaskArguments {
  return { data: data.path, ids: list.path, keys: JSON.stringify(data.keys) }
}

async function countRows(path: string): Promise<unknown> {
  return (await rowsOf(await connect(1), `SELECT count(*)::INT FROM read_parquet('${path}')`))[0]![0]
}

function requireCount(what: string, actual: unknown, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${expected}`)
}
