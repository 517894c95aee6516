import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const project = dirname(import.meta.dirname)
const folders = new Set<string>()

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Lints one file, `src/planted.ts` unless told otherwise, by this project's rules. */
function lint(text: string, path = 'src/planted.ts'): { status: number | null; report: string } {
  const root = mkdtempSync(join(tmpdir(), 'lint-'))
  folders.add(root)
  mkdirSync(join(root, '.git'))
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  writeFileSync(join(root, '.gitignore'), 'node_modules\n')
  cpSync(join(project, 'biome.json'), join(root, 'biome.json'))
  const biome = join(project, 'node_modules', '.bin', 'biome')
  const { status, stdout, stderr } = spawnSync(biome, ['ci', '--colors=off'], { cwd: root, encoding: 'utf8' })
  return { status, report: stdout + stderr }
}

const save = 'async function save(): Promise<boolean> {\n  return true\n}\n\n'

describe('the lint rules', () => {
  it.each([
    ['noFloatingPromises', `${save}export function run(): void {\n  save()\n}\n`],
    ['noMisusedPromises', `${save}export function run(): number {\n  if (save()) return 1\n  return 0\n}\n`],
    ['noExplicitAny', 'export function run(value: any): void {\n  value()\n}\n'],
    ['noEnum', 'export enum State {\n  Open,\n}\n'],
    ['noConsole', "console.log('x')\n"],
    ['noTsIgnore', '// @ts-ignore\nexport const count = 1\n'],
    [
      'noExcessiveLinesPerFile',
      `${Array.from({ length: 601 }, (_, i) => `export const line${i} = ${i}`).join('\n')}\n`,
    ],
  ])('%s is an error', (rule, text) => {
    const { status, report } = lint(text)
    expect(report).toContain(rule)
    expect(status).toBe(1)
  })

  it.each([
    ['noSkippedTests', "import { it } from 'vitest'\n\nit.skip('is', () => {})\n"],
    ['noFocusedTests', "import { it } from 'vitest'\n\nit.only('is', () => {})\n"],
  ])('%s is an error in a test', (rule, text) => {
    const { status, report } = lint(text, 'test/planted.test.ts')
    expect(report).toContain(rule)
    expect(status).toBe(1)
  })

  it('let sound code pass', () => {
    const { status, report } = lint(
      `${save}export function first(bytes: Uint8Array): number {\n  void save()\n  return bytes[0]!\n}\n`,
    )
    expect({ status, report }).toEqual({ status: 0, report: expect.any(String) })
  })
})

describe('the files of the project', () => {
  const files = globSync('{src,test,bench,demo,scripts,bin}/**/*.{ts,js,mjs}', { cwd: project })
  const marks = /\b(biome-ignore|ts-ignore|ts-nocheck)\b/

  it('suppress no rule of lint or types', () => {
    expect(files.length).toBeGreaterThan(0)
    const suppressing = files.filter((path) => {
      const text = readFileSync(join(project, path), 'utf8')
      return path !== 'test/lint.test.ts' && marks.test(text)
    })
    expect(suppressing).toEqual([])
  })
})
