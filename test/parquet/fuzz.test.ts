import { beforeAll, describe, expect, it } from 'vitest'
import { hasShared } from '../shared.ts'
import { type FuzzFiles, fuzzFiles, runCase } from './fuzz-case.ts'

/** Cases that failed once, by number: the file, its damage and the rows follow from it. Odd ones need the corpus. */
const failedOnce: readonly number[] = [
  // A column index with bounds of another width than the column.
  800_008_136,
  // Pages in another order than the column index has them.
  800_016_134,
  // A filter that no longer describes its damaged page, which no erased value was in.
  500_120_122,
  // A run of no values in front of the others.
  500_538_831,
]
/** A small run of every day; `npx node test/parquet/fuzz.ts --seconds N --seed S` goes on as long as wanted. */
const cases = Number(process.env['LETHE_PARQUET_FUZZ'] ?? 200)

describe('damaged files', () => {
  let files: FuzzFiles
  beforeAll(async () => {
    files = await fuzzFiles()
  }, 60_000)

  it('are refused or edited right, never with other rows', async () => {
    const outcomes = new Set<string>()
    for (let number = 0; number < 2 * cases; number += 2) {
      const result = await runCase(number, files)
      expect({ number, ...result }).not.toMatchObject({ kind: 'fault' })
      outcomes.add(result.kind)
    }
    expect(outcomes).toEqual(new Set(['refused', 'erased']))
  }, 60_000)

  it.runIf(failedOnce.length > 0)('that failed once do so no more', async () => {
    const numbers = failedOnce.filter((number) => number % 2 === 0 || hasShared('corpora'))
    for (const number of numbers) {
      expect({ number, ...(await runCase(number, files)) }).not.toMatchObject({ kind: 'fault' })
    }
  })
})
