import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkRows, ndjsonRows } from '../demo/check-rows.ts'
import { makeLake } from './cli/run-lethe.ts'

test('the demo erases its people and DuckDB finds everything else as it was', () => {
  const main = join(import.meta.dirname, '..', 'demo', 'main.ts')
  const { status, stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8' })
  expect(stdout).toContain('They are gone, and everything else is as it was.')
  expect(status).toBe(0)
}, 120_000)

describe("the demo's check", () => {
  const before = ['{"id":1}', '{"id":2,"n":1.0}', '{"id":1}', '{"id":3}']
  test.each([
    ['nothing, where the people are gone alone', ['{"id":2,"n":1.0}', '{"id":3}'], { rowsLeft: 0, filesChanged: [] }],
    ['a row that is left', ['{"id":2,"n":1.0}', '{"id":1}', '{"id":3}'], { rowsLeft: 1, filesChanged: [] }],
    ['a row that is missing', ['{"id":2,"n":1.0}'], { rowsLeft: 0, filesChanged: ['/a.ndjson'] }],
    ['a row that is written in another way', ['{"id":2,"n":1}', '{"id":3}'], { filesChanged: ['/a.ndjson'] }],
    ['another order', ['{"id":3}', '{"id":2,"n":1.0}'], { filesChanged: ['/a.ndjson'] }],
  ])('finds %s', async (_, after, expected) => {
    const asLines = (rows: readonly string[]) => rows.map((row) => `${row}\n`).join('')
    using lake = makeLake({ 'before/a.ndjson': asLines(before), 'after/a.ndjson': asLines(after) })
    const rows = ndjsonRows('*.ndjson', "(json->>'$.id') = '1'")
    const check = await checkRows([rows], { before: lake.path('before'), after: lake.path('after') })
    expect(check).toMatchObject({ rowsBefore: 4, rowsOfPeople: 2, ...expected })
  })
})
