import { chmod, readFile, stat } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { openLake } from '../src/compose.ts'
import type { Match } from '../src/domain/match.ts'
import { bind } from '../src/domain/predicate.ts'
import { erase } from '../src/engine/erase.ts'
import { find } from '../src/engine/find.ts'
import { query, quoted } from './parquet/readers.ts'
import { hasShared, sharedPath } from './shared.ts'
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

/*
 * The faults of two published systems, each by the words of whoever met it. Those that are not here are shown where the
 * part is that could have them:
 *
 * - an id cut at its first `-`: test/cli/object-match.test.ts ("whole name")
 * - two first files of one user race; redelivered events insert duplicates; one job at a time: test/jobs/crash-suite.ts,
 *   test/jobs/forget-suite.ts ("works beside another one")
 * - a delete marker treated as a deletion; old versions listed by prefix; unconditional overwrite; killed after the write:
 *   test/s3-server/{faults,interrupts,races,wrong-erasers}.test.ts
 * - approving A can purge B; approval time-out; totals of rows; dry run, cancel, retry, schedule: test/jobs/forget-suite.ts
 * - an id that is not found gets no line; 0 queries and COMPLETED; two mappers cannot share a location: test/jobs/find-suite.ts
 * - a worker that dies leaves the job COMPLETED; errors swallowed: test/jobs/killed-worker-suite.ts
 * - manifests with clear ids kept for ever: test/jobs/killed-worker-suite.ts ("expectCleanState"), test/cli/run-lethe.ts
 * - page index, sort order and codec lost: test/parquet/erasure-check.ts
 * - the object must fit in memory: test/parquet/hostile.test.ts, `npm run bench -- streams`
 */

type Wanted = readonly (string | Readonly<Record<string, string>>)[]

interface Outcome {
  readonly lake: TemporaryFolder
  readonly reports: readonly { uri: string; status: string; reason?: { code: string } | null }[]
}

const matchOf = (wanted: string | Readonly<Record<string, string>>, position: number): Match =>
  typeof wanted === 'string'
    ? { kind: 'simple', column: 'id', value: wanted, position }
    : {
        kind: 'composite',
        values: Object.entries(wanted).map(([column, value]) => ({ column, value })),
        position,
      }

/** Erases these ids, or what has these values in these columns, from a lake of files. */
async function eraseFrom(
  lake: TemporaryFolder,
  wanted: Wanted,
  malformed: 'refuse' | 'keep' = 'refuse',
): Promise<Outcome> {
  const opened = await openLake([lake.root])
  const found = await find(opened, { targets: [lake.root], predicate: bind(wanted.map(matchOf)), malformed })
  const { reports } = await erase(opened, { found, empty: 'keep', dryRun: false })
  return { lake, reports }
}

async function lakeOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<TemporaryFolder> {
  const lake = await makeTemporaryFolder()
  for (const [name, bytes] of Object.entries(files)) await lake.put(name, bytes)
  return lake
}

const textOf = async (lake: TemporaryFolder, name: string): Promise<string> =>
  Buffer.from((await lake.get(name))!).toString()
const ndjson = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
const parquet = (columnData: ColumnSource[], rowGroupSize = 1000): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }))

async function rowsIn(lake: TemporaryFolder, name: string): Promise<Record<string, unknown>[]> {
  const bytes = (await lake.get(name))!
  return parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
  })
}

describe('faults of the purge framework', () => {
  test('more than 100 ids fail or are dropped silently', async () => {
    const rows = Array.from({ length: 700 }, (_, n) => ({ id: `person-${n}` }))
    await using lake = await lakeOf({ 'a.ndjson': ndjson(...rows) })
    await eraseFrom(
      lake,
      rows.slice(0, 650).map(({ id }) => id),
    )
    expect(await textOf(lake, 'a.ndjson')).toBe(ndjson(...rows.slice(650)))
  })

  test('only the first record of a batch handled; the original left, and another file written', async () => {
    const row = { id: '1' }
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}.ndjson`, ndjson(row, { id: '2' })]))
    await using lake = await lakeOf(files)
    await eraseFrom(lake, ['1'])
    expect(await lake.names()).toEqual(Object.keys(files).sort())
    for (const name of Object.keys(files)) expect(await textOf(lake, name)).toBe(ndjson({ id: '2' }))
  })

  test('compressed files not read', async () => {
    await using lake = await lakeOf({ 'a.ndjson.gz': gzipSync(ndjson({ id: '1' }, { id: '2' })) })
    await eraseFrom(lake, ['1'])
    expect(gunzipSync((await lake.get('a.ndjson.gz'))!).toString()).toBe(ndjson({ id: '2' }))
  })

  test('object metadata lost', async () => {
    await using lake = await lakeOf({ 'a.ndjson': ndjson({ id: '1' }, { id: '2' }) })
    await chmod(`${lake.root}a.ndjson`, 0o640)
    await eraseFrom(lake, ['1'])
    expect((await stat(`${lake.root}a.ndjson`)).mode & 0o777).toBe(0o640)
  })

  test("one bad line loses the whole file's index", async () => {
    const bad = '{"id": "1", broken\n'
    const files = { 'bad.ndjson': bad + ndjson({ id: '1' }), 'good.ndjson': ndjson({ id: '1' }, { id: '2' }) }
    await using lake = await lakeOf(files)
    const { reports } = await eraseFrom(lake, ['1'])
    // Named, and not said to be erased; the other is.
    expect(reports.map(({ status, reason }) => [status, reason?.code])).toEqual([
      ['refused', 'malformed'],
      ['erased', undefined],
    ])
    expect(await textOf(lake, 'bad.ndjson')).toBe(files['bad.ndjson'])
    expect(await textOf(lake, 'good.ndjson')).toBe(ndjson({ id: '2' }))
    await eraseFrom(lake, ['1'], 'keep')
    expect(await textOf(lake, 'bad.ndjson')).toBe(bad)
  })

  test('untrimmed ids missed silently', async () => {
    // Blanks are part of a value: what is asked for is what goes, and nothing else.
    await using lake = await lakeOf({ 'a.ndjson': ndjson({ id: ' 1' }, { id: '1' }, { id: '1 ' }) })
    await eraseFrom(lake, [' 1'])
    expect(await textOf(lake, 'a.ndjson')).toBe(ndjson({ id: '1' }, { id: '1 ' }))
  })
})

describe('faults of Find and Forget', () => {
  test.skipIf(!hasShared('corpora'))(
    'INT96 dates outside 1677-2262 wrap silently; INT96 becomes INT64 (needs the shared material)',
    async () => {
      const source = sharedPath('corpora', 'parquet-testing', 'data', 'int96_from_spark.parquet')
      const read = async (path: string) =>
        (await query(`SELECT a::VARCHAR FROM read_parquet(${quoted(path)})`)).map(([text]) => text)
      const before = await read(source)
      await using lake = await lakeOf({ 'a.parquet': await readFile(source) })
      await eraseFrom(lake, [{ a: '2024-01-01T20:34:56.123456Z' }])
      const gone = before.indexOf('2024-01-01 20:34:56.123456')
      expect(gone).not.toBe(-1)
      expect(await read(`${lake.root}a.parquet`)).toEqual(before.filter((_, row) => row !== gone))
      const bytes = (await lake.get('a.parquet'))!
      const { schema } = parquetMetadata(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
      )
      expect(schema.at(-1)!.type).toBe('INT96')
    },
  )

  test('with columns `ID` and `id` the wrong row is erased', async () => {
    const rows = [
      { ID: '1', id: '2' },
      { ID: '2', id: '1' },
    ]
    const columns = ['ID', 'id'].map((name) => ({
      name,
      data: rows.map((row) => row[name as 'id']),
      type: 'STRING' as const,
    }))
    await using lake = await lakeOf({ 'a.ndjson': ndjson(...rows), 'a.parquet': parquet(columns) })
    await eraseFrom(lake, ['1'])
    expect(await textOf(lake, 'a.ndjson')).toBe(ndjson(rows[0]!))
    expect(await rowsIn(lake, 'a.parquet')).toEqual([rows[0]])
  })

  test('JSON ids `0` and `""` never match', async () => {
    await using lake = await lakeOf({ 'a.ndjson': ndjson({ id: 0 }, { id: '' }, { id: 1 }, { id: null }, {}) })
    await eraseFrom(lake, ['0', ''])
    expect(await textOf(lake, 'a.ndjson')).toBe(ndjson({ id: 1 }, { id: null }, {}))
  })

  test('a JSON number never matches a string column and the reverse', async () => {
    await using lake = await lakeOf({ 'a.ndjson': ndjson({ id: 42 }, { id: '42' }, { id: 43 }, { id: '43' }) })
    await eraseFrom(lake, ['42'])
    expect(await textOf(lake, 'a.ndjson')).toBe(ndjson({ id: 43 }, { id: '43' }))
  })

  test('an emptied row group crashes the next job', async () => {
    const ids = ['a', 'a', 'b', 'c', 'd', 'd']
    await using lake = await lakeOf({ 'a.parquet': parquet([{ name: 'id', data: ids, type: 'STRING' }], 2) })
    await eraseFrom(lake, ['a'])
    expect(await rowsIn(lake, 'a.parquet')).toEqual(ids.slice(2).map((id) => ({ id })))
    const { reports } = await eraseFrom(lake, ['b', 'd'])
    expect(reports).toMatchObject([{ status: 'erased' }])
    expect(await rowsIn(lake, 'a.parquet')).toEqual([{ id: 'c' }])
    await eraseFrom(lake, ['c'])
    expect(await rowsIn(lake, 'a.parquet')).toEqual([])
    expect((await eraseFrom(lake, ['c'])).reports).toMatchObject([{ status: 'unchanged' }])
  })

  test('a composite of one column matches nothing', async () => {
    await using lake = await lakeOf({ 'a.ndjson': ndjson({ id: '1' }, { id: '2' }) })
    await eraseFrom(lake, [{ id: '1' }])
    expect(await textOf(lake, 'a.ndjson')).toBe(ndjson({ id: '2' }))
  })

  test('a null struct parent, a blank line, a BOM, or a column missing from one file fails the object', async () => {
    await using lake = await lakeOf({
      'bom.ndjson': `\ufeff${ndjson({ user: { id: '1' } }, { user: { id: '2' } })}`,
      'blank.ndjson': `\n${ndjson({ user: { id: '1' } })}\n${ndjson({ user: null })}`,
      'missing.ndjson': ndjson({ other: '1' }),
    })
    await query(
      `COPY (SELECT unnest([{'id': '1'}, NULL, {'id': '2'}]) AS user) TO ${quoted(`${lake.root}struct.parquet`)} (FORMAT parquet)`,
    )
    const { reports } = await eraseFrom(lake, [{ 'user.id': '1' }])
    expect(reports.map(({ status }) => status).sort()).toEqual(['erased', 'erased', 'erased', 'unchanged'])
    expect(await textOf(lake, 'bom.ndjson')).toBe(`\ufeff${ndjson({ user: { id: '2' } })}`)
    expect(await textOf(lake, 'blank.ndjson')).toBe(`\n\n${ndjson({ user: null })}`)
    expect(await textOf(lake, 'missing.ndjson')).toBe(ndjson({ other: '1' }))
    const left = await query(
      `SELECT "user" IS NULL, "user".id FROM read_parquet(${quoted(`${lake.root}struct.parquet`)})`,
    )
    expect(left).toEqual([
      [true, null],
      [false, '2'],
    ])
  })

  test('float32 and binary ids never match', async () => {
    const numbers = [0.1, 2.5]
    const bytes = ['ada', 'bob'].map((text) => new TextEncoder().encode(text))
    await using lake = await lakeOf({
      'float.parquet': parquet([{ name: 'id', data: numbers, type: 'FLOAT' }]),
      'binary.parquet': parquet([{ name: 'id', data: bytes, type: 'BYTE_ARRAY' }]),
    })
    await eraseFrom(lake, ['0.1', 'ada'])
    expect(await query(`SELECT id FROM read_parquet(${quoted(`${lake.root}float.parquet`)})`)).toEqual([[2.5]])
    expect(await query(`SELECT id::VARCHAR FROM read_parquet(${quoted(`${lake.root}binary.parquet`)})`)).toEqual([
      ['bob'],
    ])
  })

  test('one uncastable id fails the whole job', async () => {
    await using lake = await lakeOf({ 'a.parquet': parquet([{ name: 'id', data: [41, 42, 43], type: 'INT32' }]) })
    await eraseFrom(lake, ['no number', '42', '99999999999999999999'])
    expect(await rowsIn(lake, 'a.parquet')).toEqual([{ id: 41 }, { id: 43 }])
  })
})
