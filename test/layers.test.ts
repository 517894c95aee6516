import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const project = dirname(import.meta.dirname)

/** Files with one forbidden import each; `rule` is who has to find it. */
const plants: { rule: string; file: string; imports: string }[] = [
  { rule: 'domain-imports-nothing', file: 'src/domain/a.ts', imports: "import { it } from '../formats/clean.ts'" },
  { rule: 'domain-imports-nothing', file: 'src/domain/b.ts', imports: "import type { It } from '../ports/clean.ts'" },
  { rule: 'domain-is-pure', file: 'src/domain/c.ts', imports: "import { it } from 'node:fs'" },
  { rule: 'domain-is-pure', file: 'src/domain/d.ts', imports: "import { it } from 'commander'" },
  { rule: 'formats-know-domain', file: 'src/formats/a.ts', imports: "import { it } from '../ports/clean.ts'" },
  { rule: 'ports-know-domain-and-formats', file: 'src/ports/a.ts', imports: "import { it } from '../engine/clean.ts'" },
  { rule: 'engine-knows-ports', file: 'src/engine/a.ts', imports: "import { it } from '../cli/clean.ts'" },
  { rule: 'adapters-know-ports', file: 'src/adapters/a.ts', imports: "import { it } from '../engine/clean.ts'" },
  { rule: 'api-knows-domain', file: 'src/api/a.ts', imports: "import { it } from '../engine/clean.ts'" },
  { rule: 'faces-know-engine', file: 'src/cli/a.ts', imports: "import { it } from '../adapters/clean.ts'" },
  { rule: 'faces-know-engine', file: 'src/server/a.ts', imports: "const it = await import('../adapters/clean.ts')" },
  { rule: 'only-compose-builds-adapters', file: 'src/config.ts', imports: "import { it } from './adapters/clean.ts'" },
  { rule: 'web-knows-the-contract', file: 'web/a.ts', imports: "import { it } from '../src/domain/clean.ts'" },
  { rule: 'source-imports-no-tests', file: 'src/engine/b.ts', imports: "import { it } from '../../test/clean.ts'" },
  { rule: 'source-imports-no-tests', file: 'src/engine/c.ts', imports: "import { it } from '../../bench/clean.ts'" },
  { rule: 'source-imports-no-tests', file: 'src/engine/d.ts', imports: "import { it } from '../../demo/clean.ts'" },
  {
    rule: 'source-imports-no-development-packages',
    file: 'src/formats/b.ts',
    imports: "import { it } from 'hyparquet'",
  },
  { rule: 'no-cycles', file: 'src/engine/round.ts', imports: "import { it } from './trip.ts'" },
  { rule: 'no-cycles', file: 'src/ports/round.ts', imports: "import type { It } from './trip.ts'" },
  { rule: 'resolvable', file: 'src/engine/e.ts', imports: "import { it } from './missing.ts'" },
]

const sound: Record<string, string> = {
  'src/compose.ts': "import { it } from './adapters/clean.ts'\nexport { it }",
  'src/cli/sound.ts': "import { it } from '../compose.ts'\nimport { it as other } from '../engine/clean.ts'\nit(other)",
  'src/engine/sound.ts':
    "import { it } from '../ports/clean.ts'\nexport function f() {\n  using x = it()\n  return x\n}",
  'src/ports/sound.ts': "import type { It } from '../formats/clean.ts'\nexport type Other = It",
  'src/adapters/sound.ts': "import { it } from '../ports/clean.ts'\nimport { open } from 'node:fs/promises'\nit(open)",
  'web/sound.ts': "import { it } from '../src/api/clean.ts'\nit()",
}

const clean = ['domain', 'formats', 'ports', 'engine', 'adapters', 'api', 'cli'].map((layer) => `src/${layer}/clean.ts`)
const folders = new Set<string>()

/** A project of those files, with this project's packages. Returns its folder. */
function plant(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  folders.add(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }
  const packages = { dependencies: { commander: '*' }, devDependencies: { hyparquet: '*' } }
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'planted', type: 'module', ...packages }))
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'))
  return root
}

function checkLayers(root: string): { status: number | null; lines: string[] } {
  const script = join(project, 'scripts', 'check-layers.mjs')
  const { status, stdout } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  return { status, lines: stdout.trim().split('\n') }
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('the layer rules', () => {
  const empty = Object.fromEntries(
    [...clean, 'test/clean.ts', 'bench/clean.ts', 'demo/clean.ts'].map((path) => [
      path,
      'export type It = string\nexport const it = (...all: unknown[]) => all',
    ]),
  )
  const back = {
    'src/engine/trip.ts': "import { it } from './round.ts'\nexport { it }",
    'src/ports/trip.ts': "import type { It } from './round.ts'\nexport type { It }",
  }
  let planted: ReturnType<typeof checkLayers>

  beforeAll(() => {
    const bad = Object.fromEntries(
      plants.map(({ file, imports }) => [file, `${imports}\nexport type { It }\nexport { it }`]),
    )
    planted = checkLayers(plant({ ...empty, ...sound, ...back, ...bad }))
  })

  it.each(plants)('$rule is broken by $file', ({ rule, file }) => {
    expect(planted.lines.filter((line) => line.startsWith(`${rule}: ${file} -> `))).not.toEqual([])
  })

  it('fail the check when one is broken', () => {
    expect(planted.status).toBe(1)
  })

  it('are content with sound imports, and every module of them is seen', () => {
    const { status, lines } = checkLayers(plant({ ...empty, ...sound }))
    expect(lines.slice(0, -1)).toEqual([])
    expect(status).toBe(0)
    expect(Number.parseInt(lines.at(-1) ?? '', 10)).toBeGreaterThanOrEqual(clean.length + Object.keys(sound).length)
  })

  it('fail the check when no module is seen', () => {
    expect(checkLayers(plant({ 'src/readme.txt': 'nothing to import' })).status).toBe(1)
  })
})
