import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { makeRandom } from '../parquet/random.ts'
import { type Erasure, expectErased, expectNothingBeside, expectNothingFalse } from './expect-truth.ts'
import { type DatabaseKind, makeSite, pointsIn, signalAt, sleepPastLeases } from './make-site.ts'
import type { Row } from './make-test-world.ts'
import {
  addSiteMappers,
  expectCleanState,
  fillLakeOf,
  siteConfiguration,
  startSiteJob,
  workToTheEnd,
} from './site-jobs.ts'

interface KillOptions {
  /** A worker dies at every how manieth point of its work. */
  readonly every: number
  /** How often workers are killed at random in one job. */
  readonly kills: number
}

const isFirst = ({ user_id }: Row) => user_id === 'user-1'
const isSecond = ({ user_id }: Row) => user_id === 'user-2'

/** A site with a job that no worker has taken yet. */
async function makeSiteWithJob(kind: DatabaseKind, objects: number) {
  const site = await makeSite(kind, siteConfiguration)
  const files = await fillLakeOf(site, objects)
  const id = await site.during(async (open) => {
    await addSiteMappers(open)
    return await startSiteJob(open, ['user-1'])
  })
  const erasure: Erasure = { folder: site.folder, files, isErased: isFirst }
  return { site, id, erasure, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() }
}

/** The command itself, in processes of its own that are killed by SIGKILL; the same on both kinds of database. */
export function testKills(kind: DatabaseKind, { every, kills }: KillOptions): void {
  test(`a worker that is killed at a point of its work leaves nothing false, and the next one ends true: each ${every}th point`, async () => {
    let passed = 0
    for (let at = 1; passed === 0; at += every) {
      await using under = await makeSiteWithJob(kind, 1)
      const { site, id, erasure } = under
      const log = `${site.folder.root}points`
      const ended = await site.spawn(['worker', '--until-idle'], signalAt(at, { signal: 'SIGKILL', log })).ended
      if (ended === 0) passed = (await pointsIn(log)).length
      const point = `killed at point ${at}, ${(await pointsIn(log)).at(-1)}`
      if (passed === 0) expect(ended, point).toBe('SIGKILL')
      await site
        .during(async (open) => {
          await expectNothingFalse(open.workspace.jobs, id, erasure)
          await sleepPastLeases(open.db)
          await workToTheEnd(open, id)
          await expectErased(open.workspace.jobs, id, erasure)
          await expectNothingBeside(erasure)
          await expectCleanState(site, open)
        })
        .catch((cause: unknown) => {
          throw new Error(point, { cause })
        })
    }
    // Were the points not counted, none would have been met.
    expect(passed).toBeGreaterThan(100)
    process.stderr.write(`${kind}: killed at ${Math.ceil(passed / every)} of ${passed} points\n`)
  }, 7_200_000)

  test(`workers that are killed ${kills} times at random leave a job that ends true`, async () => {
    const random = makeRandom(4711)
    // So many objects that there is work for each that comes after a kill.
    await using under = await makeSiteWithJob(kind, 10 + kills)
    const { site, id, erasure } = under
    const start = () => site.spawn(['worker', '--until-idle'])
    // An embedded database is of one process at a time.
    const workers = kind === 'server' ? [start(), start()] : [start()]
    let met = 0
    for (let kill = 0; kill < kills; kill += 1) {
      const victim = random.below(workers.length)
      const { child, ended } = workers[victim]!
      await hasStarted(child.pid!)
      await delay(random.below(500))
      child.kill('SIGKILL')
      if ((await ended) === 'SIGKILL') met += 1
      await site.during(async ({ db, workspace }) => {
        await sleepPastLeases(db)
        // An object that four workers died over is left out; here no object is to blame.
        await sql`UPDATE tasks SET attempts = 0`.execute(db)
        if (kill % 20 === 0) await expectNothingFalse(workspace.jobs, id, erasure)
      })
      workers[victim] = start()
    }
    for (const { ended } of workers) expect(await ended).toBe(0)
    await site.during(async (open) => {
      await expectErased(open.workspace.jobs, id, erasure)
      await expectNothingBeside(erasure)
      await expectCleanState(site, open)
    })
    // Those that had come to an end before do not count.
    expect(met).toBeGreaterThan(0)
    process.stderr.write(`${kind}: ${met} workers killed at random\n`)
  }, 7_200_000)
}

/** A worker that is stopped for longer than its lease, while another one does its work, and more. */
export function testPauses({ every }: Pick<KillOptions, 'every'>): void {
  test(`a worker that sleeps past its lease writes nothing when it wakes: each ${every}th point`, async () => {
    let passed = 0
    for (let at = 1; passed === 0; at += every) {
      await using under = await makeSiteWithJob('server', 1)
      const { site, id, erasure } = under
      const log = `${site.folder.root}points`
      const { child, ended } = site.spawn(['worker', '--until-idle'], signalAt(at, { signal: 'SIGSTOP', log }))
      if (!(await isStopped(child.pid!))) {
        expect(await ended).toBe(0)
        passed = (await pointsIn(log)).length
        break
      }
      const point = `stopped at point ${at}, ${(await pointsIn(log)).at(-1)}`
      await site
        .during(async (open) => {
          await sleepPastLeases(open.db)
          await workToTheEnd(open, id)
          await expectErased(open.workspace.jobs, id, erasure)
          // Another job on the same objects: what it erased must not come back.
          const second = await startSiteJob(open, ['user-2'])
          await workToTheEnd(open, second)
          child.kill('SIGCONT')
          expect(await ended).toBe(0)
          const left = [...erasure.files].map(([name, rows]) => [name, rows.filter((row) => !isFirst(row))] as const)
          await expectErased(open.workspace.jobs, second, { ...erasure, files: new Map(left), isErased: isSecond })
          await expectNothingBeside(erasure)
          await expectCleanState(site, open)
        })
        .catch((cause: unknown) => {
          throw new Error(point, { cause })
        })
        .finally(() => child.kill('SIGKILL'))
    }
    expect(passed).toBeGreaterThan(100)
    process.stderr.write(`stopped at ${Math.ceil(passed / every)} of ${passed} points\n`)
  }, 7_200_000)
}

/** True when the process was stopped by a signal, false when it has ended. */
async function isStopped(pid: number): Promise<boolean> {
  for (;;) {
    const state = stateOf(pid)
    if (state === 'T') return true
    if (state === undefined || state === 'Z') return false
    await delay(5)
  }
}

/** Node is up, and the worker about to be. */
async function hasStarted(pid: number): Promise<void> {
  for (let look = 0; look < 60 && stateOf(pid) !== undefined; look += 1) await delay(5)
}

function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]
  } catch {
    return undefined
  }
}
