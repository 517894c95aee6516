import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { erasureFaults } from '../../../../test/parquet/erasure-check.ts'
import { generateFile, makePlans } from '../../../../test/parquet/generate.ts'
import { ids } from '../../../../test/parquet/ids.ts'
import { readImage } from '../../../../test/parquet/image.ts'
import { duckdbDigests, hyparquetDigests } from '../../../../test/parquet/readers.ts'
import { type Canary, canariesOf, findResidue } from '../../../../test/parquet/residue.ts'
import { child } from '../../../../test/parquet/thrift-tree.ts'
import { Ranges } from '../../../domain/ranges.ts'
import { type Edit, editedView } from '../../edit.ts'
import { bytesSource } from '../../range-source.ts'
import { makeSpool } from '../../spool.ts'
import { readFooter } from '../footer.ts'
import { ColumnChunk, ColumnMetaData, FileMetaData, RowGroup } from '../metadata.ts'
import { requireField, setField } from '../thrift-fields.ts'
import { writeThrift } from '../thrift-writer.ts'
import { eraseRows } from './erase-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-erase-rows-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function erase(bytes: Uint8Array, rows: readonly number[]): Promise<{ edit: Edit; output: Uint8Array }> {
  const before = Buffer.copyBytesFrom(bytes)
  const source = bytesSource(bytes)
  const edit = await eraseRows(source, { rows: rangesOf(rows), spool: makeSpool() })
  expect(before.equals(bytes), 'what a source yields is not written to').toBe(true)
  const view = editedView(source, edit)
  return { edit, output: await view.read(0, view.size) }
}

function rangesOf(rows: readonly number[]): Ranges {
  const ranges = new Ranges()
  for (const row of rows) ranges.add(row)
  return ranges
}

const rowsWhere = (rows: number, isErased: (row: number) => boolean): number[] =>
  Array.from({ length: rows }, (_, row) => row).filter(isErased)

/** What goes of a file of so many rows. */
const choices: { readonly [name: string]: (rows: number) => number[] } = {
  'the first row': () => [0],
  'the last row': (rows) => [rows - 1],
  'a middle row': (rows) => [rows >> 1],
  'every seventh row': (rows) => rowsWhere(rows, (row) => row % 7 === 3),
  'a long run of rows': (rows) => rowsWhere(rows, (row) => row > rows / 4 && row < rows / 2),
  'all rows but one': (rows) => rowsWhere(rows, (row) => row !== rows >> 1),
  'all rows': (rows) => rowsWhere(rows, () => true),
  'no row': () => [],
}

/** Values of this generated column are one the beginning of another: found in raw bytes where they are not. */
const isSearchable = ({ column }: Canary) => column !== 'maybe_colour'

const plans = makePlans(11, 24).map((plan, index) => {
  const name = `${index}: ${plan.writer} ${plan.codec} V${plan.version} ${plan.encoding}`
  return [name, plan] as const
})

describe.each(plans)('file %s', (_, plan) => {
  it.each(Object.keys(choices))(
    'without %s is the source without it, in all that it says and nowhere else',
    async (choice) => {
      const bytes = await generateFile(plan)
      const erased = new Set(choices[choice]!(plan.rows))
      const isErased = (row: number) => erased.has(row)
      const { edit, output } = await erase(bytes, [...erased])
      expect(edit.summary).toMatchObject({ rowsBefore: plan.rows, rowsErased: erased.size })
      const [source, image] = [readImage(bytes), readImage(output)]
      expect(erasureFaults(source, image, isErased)).toEqual([])
      expect(findResidue(image, canariesOf(source, isErased).filter(isSearchable))).toEqual([])
      await expectSameRows({ bytes, output, isErased, cutsOff: plan.writer === 'duckdb' && plan.version === 2 })
    },
  )
})

async function expectSameRows(files: {
  bytes: Uint8Array
  output: Uint8Array
  isErased: (row: number) => boolean
  /** DuckDB delta-encodes unsigned integers of 32 bits in 33, which hyparquet cuts off; what is left has 32. */
  cutsOff: boolean
}): Promise<void> {
  const without = (digests: string[]) => digests.filter((_, row) => !files.isErased(row))
  if (!files.cutsOff) {
    expect(await hyparquetDigests(files.output)).toEqual(without(await hyparquetDigests(files.bytes)))
  }
  const [before, after] = [await readByDuckdb(files.bytes), await readByDuckdb(files.output)]
  if (before !== undefined) expect(after).toEqual(without(before))
}

/** Undefined for what DuckDB does not read: integers in the encoding BYTE_STREAM_SPLIT. */
async function readByDuckdb(bytes: Uint8Array): Promise<string[] | undefined> {
  // A name of its own each time: DuckDB may remember what was under one.
  const path = join(folder, `${randomUUID()}.parquet`)
  writeFileSync(path, bytes)
  return await duckdbDigests(path).catch((error: Error) => {
    if (error.message.includes('BYTE_STREAM_SPLIT encoding is only supported for FLOAT or DOUBLE data'))
      return undefined
    throw error
  })
}

describe('an erasure', () => {
  const plan = { ...makePlans(3, 1)[0]!, rows: 400, rowGroupRows: 100, writer: 'arrow-rs' } as const

  it('of no row keeps every byte', async () => {
    const bytes = await generateFile(plan)
    const { output } = await erase(bytes, [])
    expect(Buffer.from(output).equals(bytes)).toBe(true)
  })

  it('keeps row groups without an erased row as one piece of the source', async () => {
    const bytes = await generateFile({ ...plan, bloom: false, statistics: 'none' })
    const { edit } = await erase(bytes, [150])
    const [first] = edit.pieces
    const firstGroup = readImage(bytes).groups[1]!.chunks[0]!.pages[0]!.start
    expect(first).toMatchObject({ from: 'source', start: 0 })
    expect(first!.end).toBeGreaterThanOrEqual(firstGroup)
  })

  it('of a and then of b is one of both, in rows', async () => {
    const bytes = await generateFile(plan)
    const [a, b] = [rowsWhere(400, (row) => row % 5 === 0), rowsWhere(400, (row) => row % 5 === 1)]
    const once = (
      await erase(
        bytes,
        [...a, ...b].sort((x, y) => x - y),
      )
    ).output
    const after = rowsWhere(400, (row) => !a.includes(row))
    const twice = (
      await erase(
        (
          await erase(bytes, a)
        ).output,
        b.map((row) => after.indexOf(row)),
      )
    ).output
    expect(await hyparquetDigests(twice)).toEqual(await hyparquetDigests(once))
  })

  it('keeps page indexes, bloom filters, size and encoding statistics of edited chunks, and bounds in statistics', async () => {
    const bytes = await generateFile({ ...plan, statistics: 'page', columns: 8, bloom: true })
    const { output } = await erase(bytes, [0, 150, 399])
    const [before, after] = [bytes, output].map((file) => readImage(file).groups.flatMap(({ chunks }) => chunks))
    const what = (chunks: typeof before) =>
      chunks!.map(({ leaf, columnIndex, offsetIndex, bloom, meta }) => {
        const statistics = child(meta, ids.meta.statistics)
        const { minValue, maxValue, nullCount } = ids.statistics
        const hasNullCount = leaf.maxRepetition > 0 || statistics?.has(nullCount)
        return {
          column: leaf.path.join('.'),
          has: [columnIndex !== undefined, offsetIndex !== undefined, bloom !== undefined, hasNullCount],
          sizes: meta.has(ids.meta.sizeStatistics),
          encodings: meta.has(ids.meta.encodingStats),
          bounds: [minValue, maxValue].map((id) => statistics?.has(id)),
        }
      })
    expect(what(after)).toEqual(what(before))
  })

  it.each(['duckdb', 'hyparquet-writer'] as const)('keeps the bloom filters that %s wrote', async (writer) => {
    const bytes = await generateFile({ ...plan, writer, columns: 8, bloom: true })
    const { output } = await erase(bytes, [0, 150, 399])
    const filters = (file: Uint8Array) =>
      readImage(file).groups.flatMap(({ chunks }) => chunks.map(({ bloom }) => bloom?.bits.length))
    expect(filters(bytes).filter((length) => length !== undefined)).not.toEqual([])
    expect(filters(output)).toEqual(filters(bytes))
  })

  it('is refused where a chunk has pages behind its end, whichever rows go', async () => {
    const bytes = await generateFile({ ...plan, columns: 3 })
    const { struct, footerStart } = await readFooter(bytesSource(bytes))
    const lastGroup = requireField(struct, FileMetaData.rowGroups).at(-1)!
    const chunk = requireField(lastGroup, RowGroup.columns).at(-1)!
    const metaData = requireField(chunk, ColumnChunk.metaData)
    const size = requireField(metaData, ColumnMetaData.totalCompressedSize)
    setField(metaData, ColumnMetaData.totalCompressedSize, size - 1)
    const footer = writeThrift(struct)
    const tail = Buffer.alloc(8, 'PAR1PAR1')
    tail.writeUInt32LE(footer.length)
    const shortened = Buffer.concat([bytes.subarray(0, footerStart), footer, tail])
    await expect(erase(shortened, [0])).rejects.toMatchObject({ code: 'malformed' })
  })

  it('of rows that the file has not is a defect of the caller', async () => {
    await expect(erase(await generateFile(plan), [400])).rejects.toMatchObject({ code: 'internal' })
  })
})
