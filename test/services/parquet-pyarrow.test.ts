import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eraseRows, range } from '../parquet/erase-rows.ts'
import { generateFile, makePlans } from '../parquet/generate.ts'
import { judgeErasure } from '../parquet/judge.ts'
import { makeRandom } from '../parquet/random.ts'
import { pythonWithPyarrow } from './pyarrow.ts'

const script = join(import.meta.dirname, 'parquet-pyarrow.py')
const folder = mkdtempSync(join(tmpdir(), 'lethe-pyarrow-'))
let python: string

beforeAll(async () => {
  python = await pythonWithPyarrow()
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function runScript(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, [script, ...args], { maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout)
}

/** Which rows go: a few, a run that takes whole pages, half of all, and all but one. */
function choices(rows: number, seed: number): number[][] {
  const random = makeRandom(seed)
  const start = random.below(rows - (rows >> 2))
  return [
    [...new Set([0, random.below(rows), random.below(rows), rows - 1])].sort((a, b) => a - b),
    range(start, start + (rows >> 2)),
    range(0, rows).filter((row) => row % 2 === 0),
    range(1, rows),
  ]
}

describe('pyarrow', () => {
  it('and all other readers read what is left of its own files, with dictionaries and in batches', async () => {
    const names = (await runScript('write', folder)) as string[]
    const list: { source: string; output: string; erased: number[] }[] = []
    for (const [seed, name] of names.entries()) {
      const source = join(folder, `${name}.parquet`)
      for (const [index, erased] of choices(1500, seed).entries()) {
        const verdict = await judgeErasure(readFileSync(source), erased, { folder })
        expect({ name, index, ...verdict }).toMatchObject({ kind: 'erased', faults: [] })
        if (verdict.kind !== 'erased') continue
        const output = join(folder, `${name}-${index}.parquet`)
        writeFileSync(output, verdict.output)
        list.push({ source, output, erased })
      }
    }
    writeFileSync(join(folder, 'list.json'), JSON.stringify(list))
    const faults = (await runScript('check', join(folder, 'list.json'))) as string[][]
    expect(faults.map((found, index) => ({ output: list[index]!.output, found }))).toEqual(
      list.map(({ output }) => ({ output, found: [] })),
    )
  }, 300_000)

  it('reads what is left of files of the other writers, with dictionaries and in batches', async () => {
    const list: { source: string; output: string; erased: number[] }[] = []
    for (const [index, plan] of makePlans(77, 60).entries()) {
      const bytes = await generateFile(plan)
      const source = join(folder, `plan-${index}.parquet`)
      const output = join(folder, `plan-${index}-erased.parquet`)
      const erased = choices(plan.rows, plan.seed)[index % 3]!
      writeFileSync(source, bytes)
      writeFileSync(output, await eraseRows(bytes, erased))
      list.push({ source, output, erased })
    }
    writeFileSync(join(folder, 'others.json'), JSON.stringify(list))
    const faults = (await runScript('check', join(folder, 'others.json'))) as string[][]
    expect(faults).toEqual(list.map(() => []))
  }, 300_000)
})
