import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lines, makeLake, people, type Run, runLethe } from './run-lethe.ts'

const before = lines({ user: people.ada }, { user: 'other' }, { user: people.ada })
const after = lines({ user: 'other' })
const names = ['lake/a.ndjson', 'lake/b.ndjson']

function makeLakeAndIds() {
  const files = Object.fromEntries(names.map((name) => [name, before]))
  return makeLake({ ...files, 'ids.csv': `user\n${people.ada}\n` })
}
type Lake = ReturnType<typeof makeLakeAndIds>

/** Runs a command with signals at its n-th call that changes a file, or reads one; yields the calls there were, too. */
async function runWithSignal(
  lake: Lake,
  [command, ...options]: readonly [string, ...string[]],
  { signal, n, reads = false }: { readonly signal: string; readonly n: number; readonly reads?: boolean },
): Promise<Run & { calls: string[] }> {
  const log = lake.path('calls')
  const args = [command, lake.path('lake'), '--matches', lake.path('ids.csv'), '--json', '--concurrency', '1']
  const run = await runLethe([...args, ...options], {
    node: ['--import', join(import.meta.dirname, 'signal-at.mjs')],
    env: { SIGNAL: signal, SIGNAL_AT: `${n}`, SIGNAL_LOG: log, SIGNAL_READS: reads ? '1' : '0' },
  })
  return { ...run, calls: readFileSync(log, 'utf8').trimEnd().split('\n') }
}

const statesOf = (lake: Lake) => names.map((name) => lake.contents()[name])
const leftoversOf = (lake: Lake) => Object.keys(lake.contents()).filter((name) => /\.lethe-/.test(name))

/** The next run, after a signal has left something that was not left before. */
async function completes(lake: Lake): Promise<void> {
  const run = await runLethe(['erase', lake.path('lake'), '--matches', lake.path('ids.csv'), '--yes', '--json'])
  expect(run.status).toBe(0)
  expect(statesOf(lake)).toEqual([after, after])
  expect(leftoversOf(lake)).toEqual([])
}

describe('a signal at each call of an erase that changes a file', () => {
  test('SIGKILL leaves each object old or new and one temporary file at most; the next run completes and cleans', async () => {
    const seen = new Set<string>()
    for (let n = 1; ; n += 1) {
      using lake = makeLakeAndIds()
      const run = await runWithSignal(lake, ['erase', '--yes'], { signal: 'SIGKILL', n })
      if (run.signal === null) {
        expect(run.status).toBe(0)
        break
      }
      const states = statesOf(lake)
      for (const state of states) expect([before, after]).toContain(state)
      expect(leftoversOf(lake).length).toBeLessThanOrEqual(1)
      const left = `${states.filter((state) => state === after).length} new, ${leftoversOf(lake).length} left`
      if (!seen.has(left)) await completes(lake)
      seen.add(left)
    }
    // That the kills came before, within and after replacements, and not all at one place.
    expect([...seen]).toEqual(expect.arrayContaining(['0 new, 1 left', '1 new, 1 left', '1 new, 0 left']))
  }, 300_000)

  test('SIGINT leaves each object old or new and nothing beside, reports interrupted and exits 130', async () => {
    const seen = new Set<number>()
    for (let n = 1; ; n += 1) {
      using lake = makeLakeAndIds()
      const run = await runWithSignal(lake, ['erase', '--yes'], { signal: 'SIGINT', n })
      if (run.calls.length < n) break
      const states = statesOf(lake)
      for (const state of states) expect([before, after]).toContain(state)
      expect(leftoversOf(lake)).toEqual([])
      const { objects, interrupted } = JSON.parse(run.stdout) as { objects: { status: string }[]; interrupted: boolean }
      // After the last object nothing is left to interrupt.
      if (interrupted) expect(run.status).toBe(130)
      else expect(states).toEqual([after, after])
      expect(objects.map(({ status }) => status)).toEqual(
        states.map((state) => (state === after ? 'erased' : 'matched')),
      )
      const done = states.filter((state) => state === after).length
      if (!seen.has(done)) await completes(lake)
      seen.add(done)
    }
    expect(seen).toEqual(new Set([0, 1, 2]))
  }, 300_000)
})

describe('a signal at other times', () => {
  test('a second one ends the process at once, each object old or new', async () => {
    using lake = makeLakeAndIds()
    const run = await runWithSignal(lake, ['erase', '--yes'], { signal: 'SIGINT,SIGTERM', n: 2 })
    expect(run).toMatchObject({ status: 130, signal: null, stdout: '' })
    for (const state of statesOf(lake)) expect([before, after]).toContain(state)
    await completes(lake)
  })

  test('ends a find, which reports what it has searched', async () => {
    const counts = new Set<number>()
    for (let n = 1; ; n += 1) {
      using lake = makeLakeAndIds()
      const run = await runWithSignal(lake, ['find'], { signal: 'SIGINT', n, reads: true })
      if (run.calls.length < n) break
      const { objects, interrupted } = JSON.parse(run.stdout) as { objects: object[]; interrupted: boolean }
      expect([run.status, interrupted]).toEqual([130, true])
      counts.add(objects.length)
      expect(statesOf(lake)).toEqual([before, before])
    }
    expect(counts.size).toBeGreaterThan(1)
  }, 60_000)

  test('during the search of an erase nothing is written', async () => {
    using lake = makeLakeAndIds()
    const run = await runWithSignal(lake, ['erase', '--yes'], { signal: 'SIGINT', n: 1, reads: true })
    expect(run.status).toBe(130)
    expect(statesOf(lake)).toEqual([before, before])
  })

  test('while the matches are read changes nothing and exits 130', async () => {
    using lake = makeLakeAndIds()
    const atFirstRead = `process.stdin.once('newListener', () => process.kill(process.pid, 'SIGTERM'))`
    const run = await runLethe(['erase', lake.path('lake'), '--matches', '-', '--yes'], {
      node: ['--import', `data:text/javascript,${atFirstRead}`],
      keepStdinOpen: true,
    })
    expect(run).toMatchObject({ status: 130, signal: null, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: interrupted: /)
    expect(statesOf(lake)).toEqual([before, before])
  })
})
