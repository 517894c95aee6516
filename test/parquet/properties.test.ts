import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { eraseRows } from './erase-rows.ts'
import { type FilePlan, generateFile, makePlans } from './generate.ts'
import { judgeErasure } from './judge.ts'
import { hyparquetDigests } from './readers.ts'

/** How many files each law is tried on. */
const numRuns = Number(process.env['LETHE_PARQUET_RUNS'] ?? 12)
const options = { numRuns, endOnFailure: true } as const
const timeoutMs = 60_000 + numRuns * 2_000

const folder = mkdtempSync(join(tmpdir(), 'lethe-laws-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const plans: fc.Arbitrary<FilePlan> = fc.nat().map((seed) => makePlans(seed, 1)[0]!)
/** Fractions of the file; they become ordinals once its length is known. */
const fractions = (maxLength: number) =>
  fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength })
const ordinals = (rows: number, chosen: readonly number[]) => [...new Set(chosen.map((x) => Math.floor(x * rows)))]

/** Some rows scattered, and a run of neighbours, which may take whole pages and row groups with it. */
const selection = fc.record({
  scattered: fractions(12),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  run: fc.nat(300),
})
const rowsIn = (
  rows: number,
  { scattered, from, run }: { scattered: number[]; from: number; run: number },
): number[] => {
  const start = Math.floor(from * rows)
  return ordinals(rows, scattered).concat(Array.from({ length: Math.min(run, rows - start) }, (_, i) => start + i))
}

/** The same plan and rows failed once: arrow-rs calls pages of nested columns empty that are not. */
const nested = { writer: 'arrow-rs', rows: 100, columns: 40, dictionaryBytes: 0, rowGroupRows: 50 } as const
const lists = {
  codec: 'SNAPPY',
  pageBytes: 64,
  encoding: 'PLAIN',
  statistics: 'page',
  bloom: false,
  checksums: false,
} as const

describe('erasing from generated files', () => {
  it.each([
    [950_333, [62, 15, 95, 25, 90]],
    [391_629, [64, 82, 47, 16, 84]],
    [926_464, [36, 99, 76, 86, 83]],
  ])('keeps bounds of nested columns true whatever the page index says, seed %i', async (seed, rows) => {
    const source = await generateFile({ ...nested, ...lists, version: 1, seed })
    expect(await judgeErasure(source, rows, { folder })).toMatchObject({ kind: 'erased', faults: [] })
  })

  it(
    'leaves exactly the other rows, untouched pages as they were, no contradiction and no residue',
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, selection, async (plan, chosen) => {
          const source = await generateFile(plan)
          const verdict = await judgeErasure(source, rowsIn(plan.rows, chosen), { folder })
          expect(verdict).toMatchObject({ kind: 'erased', faults: [] })
        }),
        options,
      )
    },
    timeoutMs,
  )

  it(
    'nothing leaves every page as it was',
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const verdict = await judgeErasure(await generateFile(plan), [], { folder })
          expect(verdict).toMatchObject({ kind: 'erased', faults: [] })
        }),
        options,
      )
    },
    timeoutMs,
  )

  it(
    'everything leaves an empty file of the same schema',
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, async (plan) => {
          const source = await generateFile(plan)
          const all = Array.from({ length: plan.rows }, (_, row) => row)
          const verdict = await judgeErasure(source, all, { folder })
          expect(verdict).toMatchObject({ kind: 'erased', faults: [] })
          if (verdict.kind === 'erased') expect(await hyparquetDigests(verdict.output)).toEqual([])
        }),
        options,
      )
    },
    timeoutMs,
  )

  it(
    'a and then b is the same in rows as both at once',
    async () => {
      await fc.assert(
        fc.asyncProperty(plans, fractions(20), fractions(20), async (plan, a, b) => {
          const source = await generateFile(plan)
          const first = ordinals(plan.rows, a).sort((x, y) => x - y)
          const second = ordinals(plan.rows, b).filter((row) => !first.includes(row))
          const both = [...first, ...second].sort((x, y) => x - y)
          const shifted = second.map((row) => row - first.filter((gone) => gone < row).length).sort((x, y) => x - y)
          const inTurn = await eraseRows(await eraseRows(source, first), shifted)
          expect(await hyparquetDigests(inTurn)).toEqual(await hyparquetDigests(await eraseRows(source, both)))
        }),
        options,
      )
    },
    timeoutMs,
  )
})
