import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the demo erases its people and DuckDB finds everything else as it was', () => {
  const main = join(import.meta.dirname, '..', 'demo', 'main.ts')
  const { status, stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8' })
  expect(stdout).toContain('They are gone, and everything else is as it was.')
  expect(status).toBe(0)
}, 60_000)
