import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const scripts = join(dirname(import.meta.dirname), 'scripts')
const folder = mkdtempSync(join(tmpdir(), 'scripts-'))
let made = 0

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function makeFolder(): string {
  made += 1
  const path = join(folder, `${made}`)
  mkdirSync(path)
  return path
}

describe('count-tests', () => {
  type Report = { numPassedTests: number; numFailedTests: number; success: boolean; testResults: object[] }

  function count(part: Partial<Report>): { status: number | null; stdout: string } {
    const path = join(makeFolder(), 'report.json')
    const all = {
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 2,
      numTodoTests: 0,
      success: true,
      testResults: [],
    }
    writeFileSync(path, JSON.stringify({ ...all, ...part }))
    const { status, stdout } = spawnSync(process.execPath, [join(scripts, 'count-tests.mjs'), path], {
      encoding: 'utf8',
    })
    return { status, stdout }
  }

  it('succeeds when all passed', () => {
    expect(count({ numPassedTests: 3 })).toEqual({ status: 0, stdout: '3 passed, 0 failed, 2 skipped\n' })
  })

  it('fails when one failed', () => {
    const report = { numPassedTests: 3, numFailedTests: 1, success: false }
    expect(count(report)).toEqual({ status: 1, stdout: '3 passed, 1 failed, 2 skipped\n' })
  })

  it('counts a file that could not be loaded as a failed test', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }]
    expect(count({ numPassedTests: 3, testResults })).toEqual({ status: 1, stdout: '3 passed, 1 failed, 2 skipped\n' })
  })

  it('fails when nothing was run', () => {
    expect(count({})).toEqual({ status: 1, stdout: '0 passed, 0 failed, 2 skipped\n' })
  })
})

describe('ensure-installed', () => {
  /** Runs it in a project whose npm only says that it was called; `lock` and `marker` are times in seconds. */
  function ensureInstalled({ lock, marker, npmExit = 0 }: { lock: number; marker?: number; npmExit?: number }) {
    const root = makeFolder()
    cpSync(scripts, join(root, 'scripts'), { recursive: true })
    mkdirSync(join(root, 'bin'))
    writeFileSync(join(root, 'bin', 'npm'), `#!/bin/sh\necho "npm $1" >&2\nexit ${npmExit}\n`)
    chmodSync(join(root, 'bin', 'npm'), 0o755)
    writeFileSync(join(root, 'package-lock.json'), '{}')
    utimesSync(join(root, 'package-lock.json'), lock, lock)
    if (marker !== undefined) {
      mkdirSync(join(root, 'node_modules'))
      writeFileSync(join(root, 'node_modules', '.package-lock.json'), '{}')
      utimesSync(join(root, 'node_modules', '.package-lock.json'), marker, marker)
    }
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'ensure-installed.mjs')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` },
    })
    return { status, called: stderr.includes('npm ci\n') }
  }

  it('installs where nothing is installed', () => {
    expect(ensureInstalled({ lock: 1000 })).toEqual({ status: 0, called: true })
  })

  it('installs again when the lock file is newer', () => {
    expect(ensureInstalled({ lock: 2000, marker: 1000 })).toEqual({ status: 0, called: true })
  })

  it('does nothing when the installation is newer than the lock file', () => {
    expect(ensureInstalled({ lock: 1000, marker: 2000 })).toEqual({ status: 0, called: false })
  })

  it('fails when the installation fails', () => {
    expect(ensureInstalled({ lock: 1000, npmExit: 7 })).toEqual({ status: 7, called: true })
  })
})
