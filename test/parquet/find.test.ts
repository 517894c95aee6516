import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasShared, sharedPath } from '../shared.ts'
import { findRows, searchFor } from './erase-rows.ts'
import { generateFile, makePlans } from './generate.ts'
import { columnsOf, selectOf } from './generate-columns.ts'
import { makeRandom } from './random.ts'
import { query } from './readers.ts'

/** How many files are searched. */
const files = Number(process.env['LETHE_PARQUET_RUNS'] ?? 15)

const iso = '%Y-%m-%dT%H:%M:%S'
/** The text of a value as matching has it, in SQL; columns whose values have none are left out. */
const texts: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['id', 'canary', 'flag', 'maybe_flag', 'tiny', 'unsigned_small', 'whole', 'unsigned_whole', 'big', 'unsigned_big']
      .concat(['price', 'long_price', 'huge_price', 'day', 'clock', 'uuid', 'colour', 'maybe_colour', 'runs'])
      .concat(['always_null', 'empty', 'prefixed', 'long_text'])
      .map((name) => [name, `${name}::VARCHAR`]),
  ),
  single: "CASE WHEN single::VARCHAR NOT LIKE '%e%' THEN single::VARCHAR END",
  odd_double: "CASE WHEN odd_double::VARCHAR NOT LIKE '%e%' AND NOT isnan(odd_double) THEN odd_double::VARCHAR END",
  moment: `strftime(moment, '${iso}.%f')`,
  instant: `strftime(make_timestamp(epoch_us(instant)), '${iso}.%f') || 'Z'`,
  fine_moment: `strftime(fine_moment, '${iso}.%n')`,
  'person.name': 'person.name',
  'person.born': 'person.born::VARCHAR',
}

describe('finding in generated files', () => {
  // hyparquet-writer makes a table of its own; its files are searched by the next test.
  const plans = makePlans(21, 3 * files)
    .filter(({ writer }) => writer !== 'hyparquet-writer')
    .slice(0, files)

  it.each(plans)('of $writer, version $version, $encoding: yields the rows that DuckDB says', async (plan) => {
    const columns = columnsOf(plan)
    const bytes = await generateFile(plan)
    // arrow-rs is handed plain bytes for a UUID, and writes no logical type.
    const hidden = plan.writer === 'arrow-rs' ? 'uuid' : ''
    const names = Object.keys(texts).filter((name) =>
      columns.some((column) => column.name === name.split('.')[0] && column.name !== hidden),
    )
    const select = names.map((name) => `${texts[name]} AS "${name}"`).join(', ')
    const rows = (await query(`SELECT ${select} FROM (${selectOf(plan, columns)})`)) as (string | null)[][]
    const random = makeRandom(plan.seed)
    for (const [index, column] of names.entries()) {
      const values = [0, 1, 2].flatMap(() => random.pick(rows)[index] ?? [])
      const expected = rows.flatMap((row, at) => (row[index] !== null && values.includes(row[index]!) ? [at] : []))
      const { rows: found } = await findRows(bytes, searchFor(values.map((value) => ({ column, value }))))
      expect({ column, found }).toEqual({ column, found: expected })
    }
  })

  it.each(
    makePlans(4, 200)
      .filter(({ writer }) => writer === 'hyparquet-writer')
      .slice(0, files),
  )('of $writer, $codec, $encoding: yields the rows whose key was asked for', async (plan) => {
    const bytes = await generateFile(plan)
    const random = makeRandom(plan.seed)
    const wanted = [...new Set([0, 1, 2, 3].map(() => random.below(plan.rows)))].sort((a, b) => a - b)
    const { rows } = await findRows(bytes, searchFor(wanted.map((row) => ({ column: 'id', value: `${row}` }))))
    expect(rows).toEqual(wanted)
  })
})

describe.skipIf(!hasShared('corpora'))('finding in files that lie (needs the shared material)', () => {
  it('does not believe a column index that calls pages empty which are not', async () => {
    const path = sharedPath('corpora', 'parquet-testing', 'data', 'datapage_v1-uncompressed-checksum.parquet')
    // Its null_pages are all true and its null counts -1, while no value of its column is null.
    const [[value]] = (await query(`SELECT a FROM '${path}' LIMIT 1 OFFSET 3000`)) as [[number]]
    const expected = await query(`SELECT count(*) FROM '${path}' WHERE a = ${value}`)
    const { rows } = await findRows(readFileSync(path), searchFor([{ column: 'a', value: String(value) }]))
    expect(rows).toContain(3000)
    expect(rows).toHaveLength(Number(expected[0]![0]))
  })
})
