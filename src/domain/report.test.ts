import { expect, test } from 'vitest'
import { type ObjectReport, totalsOf } from './report.ts'

const report = (part: Partial<ObjectReport>): ObjectReport => ({
  uri: 'x',
  status: 'unchanged',
  reason: null,
  warnings: [],
  ...part,
})

test('sums rows and bytes and counts objects by status; refused ones count without rows', () => {
  const totals = totalsOf(
    [
      report({
        status: 'erased',
        rows: { seen: 10, matched: 3, kept: 7 },
        bytes: { size: 100, read: 120, kept: 70, inserted: 5 },
      }),
      report({
        rows: { seen: 5, matched: 0, kept: 5 },
        bytes: { size: 50, read: 50, kept: 50, inserted: 0 },
      }),
      report({ status: 'refused', reason: { code: 'malformed', message: 'm' } }),
    ],
    { skipped: 2 },
  )
  expect(totals).toEqual({
    objects: 3,
    matched: 0,
    erased: 1,
    unchanged: 1,
    refused: 1,
    failed: 0,
    skipped: 2,
    rows: { seen: 15, matched: 3, kept: 12 },
    bytes: { size: 150, read: 170, kept: 120, inserted: 5 },
  })
})

test('has all counts where nothing was reported', () => {
  const { objects, rows, bytes } = totalsOf([], { skipped: 0 })
  expect({ objects, rows, bytes }).toEqual({
    objects: 0,
    rows: { seen: 0, matched: 0, kept: 0 },
    bytes: { size: 0, read: 0, kept: 0, inserted: 0 },
  })
})
