import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'
import { writeFile as writeAvro } from '../avro/container-file.ts'
import { documentOf } from './law-lake.ts'
import { lines, makeLake, runLethe } from './run-lethe.ts'

/** A table of texts below partition folders; its names collide in case with each other and with the folders'. */
interface Table {
  readonly columns: readonly string[]
  readonly folders: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const texts = ['a', 'b', 'c', '']
const table: fc.Arbitrary<Table> = fc.record({
  columns: fc.subarray(['id', 'ID', 'Id', 'x', 'X', 'w']).map((names) => [...names, 'y', 'z']),
  folders: fc.array(
    fc
      .tuple(
        fc.constantFrom('id', 'ID', 'iD', 'x', 'X', 'w'),
        fc.constantFrom('a', 'b', '', '__HIVE_DEFAULT_PARTITION__'),
      )
      .map((parts) => parts.join('=')),
    { maxLength: 2 },
  ),
  rows: fc.array(fc.array(fc.constantFrom(...texts), { minLength: 8, maxLength: 8 }), { minLength: 6, maxLength: 6 }),
})
const match = fc
  .tuple(fc.subarray(['id', 'ID', 'iD', 'x', 'w', 'z'], { minLength: 1, maxLength: 3 }), fc.constantFrom('a', 'b', ''))
  .map(([names, text]) => Object.fromEntries(names.map((name, index) => [name, index === 0 ? 'a' : text])))

async function filesOf({ columns, folders, rows }: Table, index: number): Promise<Record<string, string | Uint8Array>> {
  const folder = ['lake', String(index), ...folders].join('/')
  const records = rows.map((cells) => columns.map((name, at) => [name, cells[at]!] as const))
  const columnData = columns.map((name, at) => ({
    name,
    data: rows.map((cells) => cells[at]!),
    type: 'STRING' as const,
  }))
  const fields = columns.map((name) => ({ name, type: 'string' }))
  const objects = records.map((record) => Object.fromEntries(record))
  return {
    [`${folder}/a.csv`]: [columns, ...rows.map((cells) => cells.slice(0, columns.length))]
      .map((cells) => `${cells.join()}\n`)
      .join(''),
    [`${folder}/b.parquet`]: new Uint8Array(parquetWriteBuffer({ columnData })),
    [`${folder}/c.avro`]: await writeAvro({ type: 'record', name: 'Row', fields }, objects),
    [`${folder}/d.ndjson`]: lines(...objects),
  }
}

test.each([1, 2])('a match means the same rows in every format (seed %i)', async (seed) => {
  const tables = fc.sample(table, { numRuns: 80, seed })
  const matches = fc.sample(match, { numRuns: 3, seed })
  using lake = makeLake(Object.assign({}, ...(await Promise.all(tables.map(filesOf)))) as Record<string, string>)
  const run = await runLethe(['erase', lake.folder, '--matches', '-', '--yes', '--json'], { stdin: lines(...matches) })
  const { objects } = documentOf(run)
  expect(objects.length).toBe(4 * tables.length)
  const outcomes = tables.map((_, index) => {
    const own = objects.filter(({ uri }) => uri.startsWith(lake.path(`lake/${index}/`)))
    const results = own.map(({ reason, rows }) => reason?.code ?? rows!.matched)
    // NDJSON has no columns that could be ambiguous: each of its lines takes any of them.
    return { table: tables[index], results: results[0] === 'ambiguous-column' ? results.slice(0, 3) : results }
  })
  expect(outcomes.filter(({ results }) => new Set(results).size > 1)).toEqual([])
  expect(new Set(outcomes.map(({ results }) => results[0])).size).toBeGreaterThan(3)
})
