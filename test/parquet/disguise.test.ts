import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { disguises } from './disguise.ts'
import { range } from './erase-rows.ts'
import { generateFile, makePlans } from './generate.ts'
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
