import { rename, writeFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { LetheError } from '../../src/domain/error.ts'
import { makeWorker } from '../../src/engine/jobs/run-worker.ts'
import { makeRandom, type Random } from '../parquet/random.ts'
import type { OpenTestState, TestState } from '../state/open-test-state.ts'
import { type Gate, gatedWorld } from './before-each-call.ts'
import { expireLeases } from './expire-leases.ts'
import { makeTestWorld, ndjsonFile, type Row, readRows, type TestWorld } from './make-test-world.ts'

const person = 'user-1'
const leaseMs = 60_000
const names = ['clicks/a.ndjson', 'clicks/b.ndjson'] as const
const first: readonly Row[] = [person, 'user-2', person, 'user-3'].map((user_id, n) => ({ user_id, n }))

interface CrashOptions {
  /** Of the interleavings that are tried. */
  readonly seeds: number
  /** Every how manieth call a worker dies at. */
  readonly every: number
}

/** What holds however workers die, sleep and meet; the same on both kinds of database. */
export function testCrashes(open: OpenTestState, { seeds, every }: CrashOptions): void {
  let state: TestState
  beforeAll(async () => {
    state = await open()
  }, 120_000)

  const makeWorld = async (): Promise<TestWorld> => {
    await state.clear()
    const under = await makeTestWorld(state)
    for (const name of names) await under.lake.put(name, ndjsonFile(first))
    await under.addMapper('clicks')
    await under.addMatches([person])
    return under
  }

  const expectTrue = async (under: TestWorld, id: string, added: readonly Row[] = []) => {
    const job = await under.job(id)
    expect(job).toMatchObject({ state: 'COMPLETED', error: null })
    const rows = (await Promise.all(names.map((name) => readRows(under.lake, name)))).flat()
    const kept = first.filter(({ user_id }) => user_id !== person)
    expect(sorted(rows)).toEqual(sorted([...kept, ...kept, ...added]))
    // Nothing is left beside the objects, and the evidence is whole.
    expect(await under.lake.names()).toEqual([...names])
    const receipts = await under.jobs.receipts(id, { after: -1, limit: 100 })
    expect(receipts.map(({ body }) => [body.outcome, body.rows?.erased])).toEqual([
      ['erased', 2],
      ['erased', 2],
    ])
    expect((await sql`SELECT 1 FROM object_claims`.execute(state.db)).rows).toEqual([])
  }

  describe('a worker that dies', () => {
    test('at any call to the state or a store leaves a job that the next one ends true', async () => {
      for (let at = 1; ; at += every) {
        await using under = await makeWorld()
        const { id } = await under.start()
        const died = await workAndDie(under, at)
        if (died === undefined) break
        await expireLeases(state.db)
        await under.settle(id, { concurrency: 1 })
        await expectTrue(under, id).catch((error: unknown) => {
          throw new Error(`died at call ${at}, ${died}`, { cause: error })
        })
      }
    }, 600_000)
  })

  describe('two workers, one that dies or sleeps past its lease, and an outside writer', () => {
    test.each(Array.from({ length: seeds }, (_, seed) => seed))('end true, whatever the order: %i', async (seed) => {
      await using under = await makeWorld()
      const { id } = await under.start()
      const random = makeRandom(seed)
      const added: Row[] = []
      const turns = makeTurns(random)
      const mishapAt = random.below(150)
      const isDeadly = random.below(2) === 0
      let passed = 0
      let isDead = false
      const gateOf =
        (worker: number): Gate =>
        async (call) => {
          if (worker === 0 && isDead) throw dead()
          await turns.take()
          passed += 1
          if (passed !== mishapAt) return
          await expireLeases(state.db)
          if (worker === 0 && isDeadly) {
            isDead = true
            throw dead(call)
          }
        }
      const work = async (worker: number) => {
        const { workOnce } = makeWorker(gatedWorld(under.world, gateOf(worker)), { leaseMs })
        while (!isDead || worker !== 0) {
          // What a worker's loop does with errors of the kind: it goes on.
          if (!(await workOnce().catch(() => false)) && (await isOver(under, id))) return
        }
      }
      const write = async () => {
        for (let n = 100; n < 104; n += 1) {
          for (let pause = random.below(30); pause >= 0; pause -= 1) await turns.take()
          const row = { user_id: 'user-9', n }
          const name = names[random.below(2)]!
          await replace(under, name, [...(await readRows(under.lake, name)), row].reverse())
          added.push(row)
        }
      }
      await Promise.all([work(0), work(1), write()].map((actor) => turns.during(actor)))
      await expectTrue(under, id, added)
    })
  })

  /** @returns the call at which it died, undefined where it came to the end */
  async function workAndDie(under: TestWorld, at: number): Promise<string | undefined> {
    let calls = 0
    let died: string | undefined
    const gate: Gate = async (call) => {
      calls += 1
      if (calls === at) died = call
      if (died !== undefined) throw dead()
    }
    const { workOnce } = makeWorker(gatedWorld(under.world, gate), { leaseMs })
    for (;;) {
      const didWork = await workOnce().catch(() => false)
      if (died !== undefined || !didWork) return died
    }
  }
}

async function isOver(under: TestWorld, id: string): Promise<boolean> {
  return (await under.job(id)).state === 'COMPLETED'
}

function dead(call = 'before'): LetheError {
  return new LetheError('interrupted', `died at ${call}`)
}

/** As a writer of a lake does: whole files, by a rename. */
async function replace({ lake }: TestWorld, name: string, rows: readonly Row[]): Promise<void> {
  const path = `${lake.root}${name}`
  await writeFile(`${path}.new`, ndjsonFile(rows))
  await rename(`${path}.new`, path)
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => a.n - b.n || (a.user_id < b.user_id ? -1 : 1))
}

/**
 * Lets one actor go at a time, chosen at random when all others wait for their turn: the same seed is the same order.
 */
function makeTurns(random: Random) {
  const waiting: (() => void)[] = []
  let running = 0
  const next = () => {
    if (running > 0 || waiting.length === 0) return
    running += 1
    waiting.splice(random.below(waiting.length), 1)[0]!()
  }
  return {
    async take(): Promise<void> {
      running -= 1
      const turn = new Promise<void>((resolve) => waiting.push(resolve))
      next()
      await turn
    },
    async during(actor: Promise<void>): Promise<void> {
      running += 1
      await actor.finally(() => {
        running -= 1
        next()
      })
    },
  }
}
