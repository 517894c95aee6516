import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeChunk, rowTexts } from './decode.ts'
import { disguises, packLevels } from './disguise.ts'
import { range } from './erase-rows.ts'
import { generateFile, makePlans } from './generate.ts'
import { readImage } from './image.ts'
import { judgeErasure } from './judge.ts'
import { makeRandom } from './random.ts'
import { hyparquetDigests } from './readers.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-disguises-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Many columns, so that nested ones are among them. */
const plans = makePlans(60, 8).map((plan) => ({ ...plan, columns: 12 }))

describe.each(Object.entries(disguises))('files with %s', (_, disguise) => {
  it.each(plans)(
    'of $writer, $codec, version $version, have the same rows, and lose those erased',
    async (plan) => {
      const plain = await generateFile(plan)
      const source = disguise(plain)
      expect(await hyparquetDigests(source)).toEqual(await hyparquetDigests(plain))
      const random = makeRandom(plan.seed)
      const start = random.below(plan.rows)
      const few = [0, random.below(plan.rows), random.below(plan.rows), plan.rows - 1]
      for (const rows of [few, range(start, Math.min(plan.rows, start + 60))]) {
        expect(await judgeErasure(source, rows, { folder })).toMatchObject({ kind: 'erased', faults: [] })
      }
    },
    60_000,
  )
})

/** Of every column, by the tests' own walker: no other reader here knows the encoding. */
function rowsOf(bytes: Uint8Array): string[][] {
  const chunks = readImage(bytes).groups.flatMap((group) => group.chunks)
  return chunks.map((chunk) => rowTexts(decodeChunk(chunk), chunk.leaf))
}

describe('files with levels in the deprecated encoding BIT_PACKED', () => {
  // hyparquet-writer has V2 pages alone, whose levels have one encoding.
  it.each(plans.filter(({ version, writer }) => version === 1 && writer !== 'hyparquet-writer'))(
    'of $writer, $codec, have the same rows, and lose those erased',
    async (plan) => {
      const plain = await generateFile(plan)
      const { file: source, pages } = packLevels(plain)
      expect(pages).toBeGreaterThan(0)
      expect(rowsOf(source)).toEqual(rowsOf(plain))
      const random = makeRandom(plan.seed)
      const start = random.below(plan.rows)
      const few = [0, random.below(plan.rows), random.below(plan.rows), plan.rows - 1]
      for (const rows of [few, range(start, Math.min(plan.rows, start + 60))]) {
        expect(await judgeErasure(source, rows)).toMatchObject({ kind: 'erased', faults: [] })
      }
    },
    60_000,
  )
})
