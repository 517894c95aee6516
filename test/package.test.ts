import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const project = dirname(import.meta.dirname)
const folder = mkdtempSync(join(tmpdir(), 'package-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the published package', () => {
  const installed = join(folder, 'node_modules', 'lethe')
  let names: string[]

  beforeAll(() => {
    // A copy, so that packing (which builds) cannot pull the build from under another test.
    const copy = join(folder, 'copy')
    const parts = [
      'bin',
      'scripts',
      'src',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
      'README.md',
      'LICENSE',
    ]
    for (const part of parts) cpSync(join(project, part), join(copy, part), { recursive: true })
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'))
    const npm = execFileSync('npm', ['pack', '--silent', '--json', '--pack-destination', folder], {
      cwd: copy,
      encoding: 'utf8',
    })
    const tarball = /lethe-[^"]*\.tgz/.exec(npm)?.[0] ?? 'no tarball'
    names = execFileSync('tar', ['-tzf', join(folder, tarball)], { encoding: 'utf8' })
      .trim()
      .split('\n')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1'])
    symlinkSync(join(project, 'node_modules'), join(installed, 'node_modules'))
  }, 60_000)

  it('holds the entry, the build and the licence, and neither sources nor tests', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'package/bin/lethe.js',
        'package/build/cli/main.js',
        'package/build/index.d.ts',
        'package/build/adapters/state/postgres/migrations/0001-initial.sql',
        'package/LICENSE',
      ]),
    )
    expect(names.filter((name) => /\/(src|test)\/|\.test\./.test(name))).toEqual([])
  })

  it('runs its build when Node would refuse to strip the types of an installed package', () => {
    const entry = join(installed, 'bin', 'lethe.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, '--no-such-flag'], { encoding: 'utf8' })
    // Usage errors are exit 2; Node's refusal to strip types, and a module that was not packed, would be exit 1.
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^lethe|^error/)
  })

  it('can be imported by its name', () => {
    // A package.json of its own: without one Node goes on looking in the parents of the temporary folder.
    writeFileSync(join(folder, 'package.json'), '{}')
    const probe = join(folder, 'probe.mjs')
    writeFileSync(probe, "await import('lethe')\n")
    expect(spawnSync(process.execPath, [probe], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('the entry file', () => {
  /** A checkout's entry with a main of each kind that says which one it is. */
  function makeCheckout(name: string, mains: Record<string, string>): string {
    const root = join(folder, name)
    for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...mains })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    cpSync(join(project, 'bin'), join(root, 'bin'), { recursive: true })
    return join(root, 'bin', 'lethe.js')
  }

  const source = "const which: string = 'source'\nconsole.log(which)\n"

  it('runs the source where there is no build', () => {
    const entry = makeCheckout('unbuilt', { 'src/cli/main.ts': source })
    expect(spawnSync(process.execPath, [entry], { encoding: 'utf8' }).stdout).toBe('source\n')
  })

  it('runs the build where there is one', () => {
    const entry = makeCheckout('built', { 'src/cli/main.ts': source, 'build/cli/main.js': "console.log('build')\n" })
    expect(spawnSync(process.execPath, [entry], { encoding: 'utf8' }).stdout).toBe('build\n')
  })

  it.each(['20.20.2', '22.17.9', '18.0.0'])('names the version it needs on Node %s', (version) => {
    const entry = makeCheckout('old', { 'src/cli/main.ts': source })
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretend, entry], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^lethe: needs Node 22\.18 or newer, this is /)
  })

  const machineNode = '/usr/bin/node'
  const machineMajor = existsSync(machineNode)
    ? Number.parseInt(execFileSync(machineNode, ['--version'], { encoding: 'utf8' }).slice(1), 10)
    : 99

  it.skipIf(machineMajor >= 22)('parses on an older Node (needs one at /usr/bin/node)', () => {
    const run = spawnSync(machineNode, [join(project, 'bin', 'lethe.js'), '--help'], { encoding: 'utf8' })
    expect(run).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('needs Node 22.18 or newer') })
  })
})

describe('npm scripts', () => {
  it('run on the Node of the development dependency, whatever the machine has', () => {
    const { version } = JSON.parse(readFileSync(join(project, 'node_modules', 'node', 'package.json'), 'utf8'))
    expect(process.versions.node).toBe(version)
  })
})

describe('the lock file', () => {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string; hasInstallScript?: boolean }>
  }

  it('names no registry', () => {
    expect(Object.values(lock.packages).flatMap(({ resolved }) => resolved ?? [])).toEqual([])
  })

  it('has no install scripts but those that docs/dependencies.md tells of', () => {
    const scripted = Object.entries(lock.packages).flatMap(([path, { hasInstallScript }]) =>
      hasInstallScript ? [path.replace(/^.*node_modules\//, '')] : [],
    )
    const documented = readFileSync(join(project, 'docs', 'dependencies.md'), 'utf8')
      .split('\n')
      .flatMap((line) => /^\| `([^`]+)` +\|.*\| yes/.exec(line)?.[1] ?? [])
    expect(scripted.filter((name) => !documented.includes(name))).toEqual([])
  })
})
