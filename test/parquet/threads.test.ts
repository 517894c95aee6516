import { describe, expect, it } from 'vitest'
import { Ranges } from '../../src/domain/ranges.ts'
import { type Edit, editedView } from '../../src/formats/edit.ts'
import type { DetectableFormat, Found, Search } from '../../src/formats/format.ts'
import { makeParquet, parquet } from '../../src/formats/parquet/parquet.ts'
import { bytesSource, type RangeSource } from '../../src/formats/range-source.ts'
import { makeSpool, type Spool } from '../../src/formats/spool.ts'
import { findRows, searchFor } from './erase-rows.ts'
import { type FilePlan, generateFile, makePlans } from './generate.ts'
import { hyparquetDigests } from './readers.ts'

const threaded = makeParquet({ threadCount: 2, leastBytes: 0 })
const timeout = 60_000

/** Every 37th row and a run of them. */
async function foundIn(bytes: Uint8Array): Promise<{ found: Found; search: Search }> {
  const search = searchFor([])
  const { found } = await findRows(bytes, search)
  const rows = new Ranges()
  for (let row = 5; row < found.rowsSeen; row += 37) rows.add(row, row % 4 === 0 ? row + 9 : row + 1)
  return { search, found: { ...found, rows } }
}

async function eraseBy(format: DetectableFormat, source: RangeSource, spool: Spool): Promise<Edit> {
  const { search, found } = await foundIn(await source.read(0, source.size))
  const edit = await format.erase(source, { search, found, spool })
  await format.verify(source, { search, found, edit })
  return edit
}

async function bytesBy(format: DetectableFormat, bytes: Uint8Array): Promise<Uint8Array> {
  const source = bytesSource(bytes)
  await using spool = makeSpool({ memoryBytes: 1000 })
  const edit = await eraseBy(format, source, spool)
  return await editedView(source, edit).read(0, edit.size)
}

const plan: FilePlan = { ...makePlans(11, 1)[0]!, writer: 'arrow-rs', codec: 'SNAPPY', rows: 900, rowGroupRows: 300 }

describe('threads', () => {
  // Other levels of compression could be found out in another order; filters are made from what threads appended.
  const plans = [
    ...makePlans(77, 6),
    { ...plan, codec: 'ZSTD' as const, bloom: true },
    { ...plan, codec: 'GZIP' as const, version: 2 as const, statistics: 'page' as const },
    { ...plan, codec: 'BROTLI' as const, dictionaryBytes: 0 },
    // Geometries with boxes are among its columns.
    { ...plan, writer: 'hyparquet-writer' as const, columns: 40, statistics: 'page' as const },
  ]
  it.each(plans)('make the very file that one makes, $writer, $codec, version $version', { timeout }, async (each) => {
    const bytes = await generateFile(each)
    const alone = await bytesBy(parquet, bytes)
    const together = await bytesBy(threaded, bytes)
    expect(Buffer.compare(alone, together)).toBe(0)
    expect(await hyparquetDigests(together)).toEqual(await hyparquetDigests(alone))
  })

  it('prove what is there and not what they made', { timeout }, async () => {
    const bytes = await generateFile(plan)
    const source = bytesSource(bytes)
    await using spool = makeSpool()
    const { search, found } = await foundIn(bytes)
    const edit = await threaded.erase(source, { search, found, spool })
    let caught = 0
    for (let at = 3; at < spool.size; at += Math.ceil(spool.size / 12)) {
      const lying = {
        ...edit,
        spool: {
          size: spool.size,
          async read(start: number, end: number) {
            const read = new Uint8Array(await spool.read(start, end))
            if (at >= start && at < end) read[at - start]! ^= 4
            return read
          },
        },
      }
      const proof = threaded.verify(source, { search, found, edit: lying })
      await proof.catch(() => {
        caught += 1
      })
    }
    // Statistics of a header may differ and nothing be lost; most bytes are values.
    expect(caught).toBeGreaterThan(8)
  })

  it('fail as the source does, and leave it alone afterwards', { timeout }, async () => {
    const bytes = await generateFile(plan)
    const { search, found } = await foundIn(bytes)
    const failure = new Error('the disk is gone')
    for (let good = 0; ; good += 7) {
      let reads = 0
      let underWay = 0
      const source: RangeSource = {
        size: bytes.length,
        async read(start, end) {
          underWay += 1
          await new Promise(setImmediate)
          underWay -= 1
          if (reads++ >= good) throw failure
          return bytes.subarray(start, end)
        },
      }
      await using spool = makeSpool()
      const outcome = await threaded.erase(source, { search, found, spool }).catch((error: unknown) => error)
      expect(underWay).toBe(0)
      if (reads <= good) break
      expect(outcome).toBe(failure)
    }
  })

  it('stop when they are told to', { timeout }, async () => {
    const bytes = await generateFile(plan)
    const { search, found } = await foundIn(bytes)
    const reason = new Error('enough')
    const stop = new AbortController()
    let reads = 0
    const source: RangeSource = {
      size: bytes.length,
      async read(start, end) {
        reads += 1
        if (reads === 30) stop.abort(reason)
        return bytes.subarray(start, end)
      },
    }
    await using spool = makeSpool()
    const erasing = threaded.erase(source, { search: { ...search, signal: stop.signal }, found, spool })
    await expect(erasing).rejects.toBe(reason)
    const readsThen = reads
    await new Promise(setImmediate)
    expect(reads).toBe(readsThen)
  })

  it('refuse what one refuses, by the same name', { timeout }, async () => {
    const bytes = Buffer.from(await generateFile({ ...plan, checksums: true }))
    // Somewhere in a page of the middle.
    bytes[bytes.length >>> 1]! ^= 16
    const refusal = (format: DetectableFormat) => bytesBy(format, bytes).catch((error: unknown) => error)
    const [alone, together] = [await refusal(parquet), await refusal(threaded)]
    expect(alone).toMatchObject({ outcome: 'refused' })
    expect(together).toMatchObject({ code: (alone as { code: string }).code, outcome: 'refused' })
  })
})
