import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../src/domain/error.ts'
import { decodeChunk } from './decode.ts'
import { eraseRows } from './erase-rows.ts'
import { touchedPages } from './erasure-check.ts'
import { generateFile, makePlans } from './generate.ts'
import { isDataPage, readImage } from './image.ts'

describe('page checksums', () => {
  it('a flipped bit in a page that an erasure touches is always caught before rewriting', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(), fc.nat(), async (seed, a, b, c) => {
        const plan = { ...makePlans(seed, 1)[0]!, checksums: true }
        const source = await generateFile(plan)
        const row = a % plan.rows
        const image = readImage(source)
        const chunks = image.groups[Math.floor(row / groupRows(source))]!.chunks
        const chunk = chunks[b % chunks.length]!
        const decoded = decodeChunk(chunk)
        const touched = touchedPages(decoded.pages, (at) => at === row % groupRows(source))
        const { body, stored, start } = chunk.pages.filter(isDataPage)[touched.indexOf(true)]!
        fc.pre(body.length > 0)
        const flipped = Buffer.from(source)
        const bit = c % (8 * body.length)
        flipped[start + stored.length - body.length + (bit >> 3)]! ^= 1 << (bit & 7)
        const error = await eraseRows(flipped, [row]).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(LetheError)
        expect(error).toMatchObject({ code: 'malformed' })
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})

/** Rows of every row group but the last. */
function groupRows(source: Uint8Array): number {
  return Number(readImage(source).groups[0]!.tree.get(3)!.value)
}
