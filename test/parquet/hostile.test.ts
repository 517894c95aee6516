import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { hasShared, sharedFiles, sharedPath } from '../shared.ts'
import { faultsOfErasure, selections } from './judge.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Tried {
  readonly rowsSeen: number
  readonly outcomes: Readonly<Record<string, string>>
  readonly peakMiB: number
}

/** Tries a file in a process that may take as much memory as a bound allows, and as long as the test may. */
async function tryFile(path: string, output: string): Promise<Tried> {
  const args = ['--max-old-space-size=384', '--no-warnings', join(import.meta.dirname, 'try-file.ts'), path, output]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 })
  return JSON.parse(stdout) as Tried
}

describe.skipIf(!hasShared('corpora'))(
  'hostile files of the public corpus (needs the shared material)',
  () => {
    const bad = sharedPath('corpora', 'parquet-testing', 'bad_data')
    const files = sharedFiles('corpora', 'parquet-testing', 'bad_data').filter((name) => name.endsWith('.parquet'))

    it.each(files)('%s is refused or edited right, within 512 MB and without a crash', async (name) => {
      const { rowsSeen, outcomes, peakMiB } = await tryFile(join(bad, name), join(folder, name))
      expect(peakMiB).toBeLessThan(512)
      const source = readFileSync(join(bad, name))
      for (const [selection, rows] of Object.entries(selections(rowsSeen))) {
        const output = join(folder, `${name}.${selection}`)
        if (!existsSync(output)) {
          expect(outcomes[selection] ?? outcomes['find']).toMatch(/^(malformed|unsupported)$/)
          continue
        }
        const faults = await faultsOfErasure(source, readFileSync(output), new Set(rows), { folder })
        expect({ selection, faults }).toEqual({ selection, faults: [] })
      }
    })

    it('a string of 2 GB behind 4 KB is refused before memory is taken for it', async () => {
      const name = 'large_string_map.brotli.parquet'
      const path = sharedPath('corpora', 'parquet-testing', 'data', name)
      const { outcomes, peakMiB } = await tryFile(path, join(folder, name))
      expect(peakMiB).toBeLessThan(512)
      expect(outcomes['first']).toBe('limit-exceeded')
      expect(outcomes['none']).toBe('done')
    })
  },
  40_000,
)
