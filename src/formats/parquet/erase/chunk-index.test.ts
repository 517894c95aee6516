import { beforeAll, describe, expect, it } from 'vitest'
import { eraseRows } from '../../../../test/parquet/erase-rows.ts'
import { type FilePlan, generateFile } from '../../../../test/parquet/generate.ts'
import { ids } from '../../../../test/parquet/ids.ts'
import { readImage, writeImage } from '../../../../test/parquet/image.ts'
import { binary, child, items } from '../../../../test/parquet/thrift-tree.ts'

const plan: FilePlan = {
  seed: 3,
  writer: 'arrow-rs',
  rows: 300,
  rowGroupRows: 1000,
  codec: 'SNAPPY',
  version: 1,
  columns: 0,
  pageBytes: 64,
  dictionaryBytes: 0,
  encoding: 'PLAIN',
  statistics: 'page',
  bloom: false,
  checksums: false,
}

describe('a column index', () => {
  let source: Uint8Array
  beforeAll(async () => {
    source = await generateFile(plan)
  })

  const indexOfId = (bytes: Uint8Array) => readImage(bytes).groups[0]!.chunks[0]!.columnIndex

  it('stays with what is left of its pages', async () => {
    expect(items(indexOfId(await eraseRows(source, [5])), ids.columnIndex.minValues)?.length).toBeGreaterThan(3)
  })

  it('gives the chunk no bounds where a page that it calls empty may hold values', async () => {
    const image = readImage(source)
    const { columnIndex } = image.groups[0]!.chunks[0]!
    items(columnIndex, ids.columnIndex.nullPages)!.splice(2, 1, 1)
    items(columnIndex, ids.columnIndex.nullCounts)!.splice(2, 1, 1n)
    // The first row has the least id, so that the source's bounds of the chunk tell it.
    const { meta } = readImage(await eraseRows(writeImage(image), [0])).groups[0]!.chunks[0]!
    const statistics = child(meta, ids.meta.statistics)
    expect([ids.statistics.minValue, ids.statistics.maxValue].map((id) => binary(statistics, id))).toEqual([
      undefined,
      undefined,
    ])
    const sound = readImage(await eraseRows(source, [0])).groups[0]!.chunks[0]!
    expect(binary(child(sound.meta, ids.meta.statistics), ids.statistics.minValue)?.[0]).toBe(1)
  })

  it('goes where its entries are of other pages', async () => {
    const image = readImage(source)
    const { columnIndex } = image.groups[0]!.chunks[0]!
    for (const id of [ids.columnIndex.minValues, ids.columnIndex.maxValues]) items(columnIndex, id)!.reverse()
    const output = readImage(await eraseRows(writeImage(image), [5])).groups[0]!.chunks[0]!
    expect(output.columnIndex).toBeUndefined()
    expect(output.offsetIndex).toBeDefined()
  })

  it('goes where its bounds are none of the column', async () => {
    const image = readImage(source)
    items(image.groups[0]!.chunks[0]!.columnIndex, ids.columnIndex.maxValues)!.splice(1, 1, new Uint8Array(3))
    expect(indexOfId(await eraseRows(writeImage(image), [5]))).toBeUndefined()
  })
})
