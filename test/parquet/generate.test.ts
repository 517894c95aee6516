import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateFile, makePlans } from './generate.ts'
import { type Image, readImage } from './image.ts'
import { faultsOf } from './physical-check.ts'
import { duckdbDigests, hyparquetDigests } from './readers.ts'
import { integer, integers } from './thrift-tree.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-generated-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('generated files', () => {
  const plans = makePlans(1, 60)
  const images: Image[] = []
  const files: Uint8Array[] = []

  beforeAll(async () => {
    for (const plan of plans) files.push(await generateFile(plan))
    images.push(...files.map(readImage))
  }, 60_000)

  it('are the same for the same plan', async () => {
    for (const index of [2, 5, 7])
      expect(Buffer.from(await generateFile(plans[index]!)).equals(files[index]!)).toBe(true)
  })

  it('have no fault but the one that arrow-rs makes in indexes of nested columns', () => {
    for (const image of images) {
      const faults = faultsOf(image).filter(
        // Its null_pages say "only nulls" where a page has as many nulls as rows, though it has more values than rows.
        ({ kind, where }) => !(/^column index (null page|bounds)$/.test(kind) && /\.(element|value|n|w)$/.test(where)),
      )
      expect(faults).toEqual([])
    }
  })

  it('are read by hyparquet, and by DuckDB unless integers are BYTE_STREAM_SPLIT, with the planned rows', async () => {
    let unread = 0
    for (const [index, { rows }] of plans.entries()) {
      expect(await hyparquetDigests(files[index]!)).toHaveLength(rows)
      const path = join(folder, `${index}.parquet`)
      writeFileSync(path, files[index]!)
      const digests = await duckdbDigests(path).catch((error: Error) => error.message)
      if (typeof digests === 'string') {
        expect(digests).toContain('BYTE_STREAM_SPLIT encoding is only supported for FLOAT or DOUBLE data')
        unread += 1
      } else {
        expect(digests).toHaveLength(rows)
      }
    }
    expect(unread).toBeLessThan(plans.length / 4)
  })

  it('have every encoding, codec and page version, indexes, filters, checksums, fall-backs and several groups', () => {
    const chunks = images.flatMap(({ groups }) => groups.flatMap((group) => group.chunks))
    const all = (values: (number | undefined)[]) => [...new Set(values)].sort((a, b) => a! - b!)
    expect(all(chunks.flatMap(({ meta }) => integers(meta, 2) ?? []))).toEqual([0, 2, 3, 5, 6, 7, 8, 9])
    expect(all(chunks.map(({ meta }) => integer(meta, 4)))).toEqual([0, 1, 2, 4, 6, 7])
    expect(all(chunks.flatMap(({ pages }) => pages.map(({ header }) => integer(header, 1))))).toEqual([0, 2, 3])
    expect(all(chunks.map(({ leaf }) => leaf.maxRepetition))).toEqual([0, 1, 2])
    expect(chunks.some(({ columnIndex }) => columnIndex !== undefined)).toBe(true)
    expect(chunks.some(({ columnIndex }) => columnIndex === undefined)).toBe(true)
    expect(chunks.some(({ bloom }) => bloom !== undefined)).toBe(true)
    expect(chunks.some(({ pages }) => pages.some(({ header }) => header.has(4)))).toBe(true)
    expect(images.some(({ groups }) => groups.length > 3)).toBe(true)
    expect(new Set(chunks.map(({ leaf }) => leaf.type)).size).toBeGreaterThanOrEqual(7)
    const fallsBack = chunks.some(({ meta }) => {
      const used = integers(meta, 2) ?? []
      return used.includes(8) && (used.includes(7) || used.includes(5) || used.includes(9))
    })
    expect(fallsBack).toBe(true)
  })
})
