import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, it } from 'vitest'
import { hasShared, sharedPath } from '../../../../test/shared.ts'
import { LetheError } from '../../../domain/error.ts'
import { bind } from '../../../domain/predicate.ts'
import { bytesSource } from '../../range-source.ts'
import { readFooter } from '../footer.ts'
import { find } from './find.ts'

const hasCorpus = hasShared('corpora', 'parquet-testing', 'data')
const filesOf = (folder: string) =>
  hasCorpus
    ? readdirSync(sharedPath('corpora', 'parquet-testing', folder))
        .filter((name) => name.includes('.parquet'))
        .map((name) => ({ name, path: sharedPath('corpora', 'parquet-testing', folder, name) }))
    : []

let duckdb: DuckDBConnection

beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  await duckdb.run("set TimeZone = 'UTC'")
})

async function findRows(file: Uint8Array, column: string, value: string) {
  const predicate = bind([{ kind: 'simple', column, value, position: 0 }])
  const found = await find(bytesSource(file), { predicate, partitions: [], malformed: 'refuse' })
  const rows = [...found.rows].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at))
  return { rows, rowsSeen: found.rowsSeen }
}

/** Columns that are one value a row, as DuckDB spells them, and the texts of all rows. */
async function textsByDuckdb(path: string, names: readonly string[]): Promise<Map<string, (string | null)[]>> {
  const texts = new Map<string, (string | null)[]>()
  for (const name of names) {
    const sql = name.split('.').map((part) => `"${part}"`)
    const value = `${sql.join('.')}::varchar`
    const rows = await duckdb.runAndReadAll(
      `select ${value} from read_parquet('${path}', file_row_number = true) order by file_row_number`,
    )
    texts.set(name, (rows.getColumns()[0] as (string | null)[]).map(withoutSignOfZero))
  }
  return texts
}

/** What DuckDB prints in a form that is no match's text: exponents, escaped bytes, years beyond four digits. */
const isPlainText = (text: string) => !/^-?[0-9.]+e[+-]?[0-9]+$|\\x|^-?(inf|nan)$|^[0-9]{5,}-|\(BC\)/i.test(text)

/** A zero has two floats, which DuckDB prints as two texts. */
const withoutSignOfZero = (text: string | null) => (text === '-0.0' ? '0.0' : text)

describe.skipIf(!hasCorpus)('files of the public corpus (needs the shared material)', () => {
  let columnsCompared = 0

  it.each(filesOf('data'))('$name: the rows that DuckDB finds, or refused by name', async ({ path }) => {
    const file = await readFile(path)
    let names: string[]
    try {
      const { schema } = await readFooter(bytesSource(file))
      names = schema.leaves.filter((leaf) => leaf.maxRepetitionLevel === 0).map((leaf) => leaf.path.join('.'))
    } catch (error) {
      expect(error).toMatchObject({ outcome: 'refused' })
      return
    }
    for (const name of names) {
      const texts = await textsByDuckdb(path, [name]).catch(() => new Map<string, (string | null)[]>())
      const column = texts.get(name)
      if (column === undefined) continue
      const distinct = [...new Set(column)].filter((text) => text !== null).filter(isPlainText)
      for (const text of [...distinct.slice(0, 3), ...distinct.slice(-3)]) {
        const expected = column.flatMap((value, row) => (value === text ? [row] : []))
        try {
          expect(await findRows(file, name, text)).toEqual({ rows: expected, rowsSeen: column.length })
          columnsCompared += 1
        } catch (error) {
          if (!(error instanceof LetheError)) throw error
          expect(error.outcome).toBe('refused')
        }
      }
    }
  })

  it('were compared in hundreds of values', () => {
    expect(columnsCompared).toBeGreaterThan(500)
  })

  it.each(filesOf('bad_data'))('$name: an answer or a refusal, no crash', async ({ path }) => {
    const file = await readFile(path)
    try {
      const { schema } = await readFooter(bytesSource(file))
      for (const leaf of schema.leaves) await findRows(file, leaf.path.join('.'), '0')
    } catch (error) {
      expect(error).toMatchObject({ name: 'LetheError', outcome: 'refused' })
    }
  })

  it('an INT96 is an instant at full precision, far outside what 64-bit nanoseconds hold', async () => {
    const file = await readFile(sharedPath('corpora', 'parquet-testing', 'data', 'int96_from_spark.parquet'))
    // int96_from_spark.md lists the six values as microseconds.
    const instants = [
      '2024-01-01T20:34:56.123456Z',
      '2024-01-01T01:00:00Z',
      '9999-12-31T03:00:00Z',
      '2024-12-30T23:00:00Z',
    ]
    for (const [row, instant] of instants.entries()) {
      expect(await findRows(file, 'a', instant)).toEqual({ rows: [row], rowsSeen: 6 })
    }
    expect((await findRows(file, 'a', '1816-03-29T05:56:08.066277376Z')).rows).toEqual([])
    // The sixth overflowed in Spark: Julian day -105862232 and -32509551616000 ns, that is 742 cycles of 400 years
    // before 2246-12-13T14:58:10.448384.
    expect((await findRows(file, 'a', '-294554-12-13T14:58:10.448384Z')).rows).toEqual([5])
  })
})
