import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openState } from '../../src/adapters/state/postgres/open-state.ts'
import { entry } from '../cli/run-lethe.ts'
import { ndjsonFile, readRows } from '../jobs/make-test-world.ts'
import { makeRandom } from '../parquet/random.ts'
import { makeServerDatabase } from '../state/open-test-state.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'

const kills = Number(process.env['LETHE_KILLS'] ?? 20)
const objects = 60

const rows = Array.from({ length: 40 }, (_, n) => ({ user_id: `user-${n % 10}`, n }))
const kept = rows.filter(({ user_id }) => user_id !== 'user-1')

test('workers that are killed again and again leave a job that ends true', async () => {
  await using folder = await makeTemporaryFolder()
  await using database = await makeServerDatabase()
  for (let n = 0; n < objects; n += 1) await folder.put(`lake/clicks/${n}.ndjson`, ndjsonFile(rows))
  await folder.put('lethe.yaml', 'stores: {lake: {folder: lake}}\napproval: {required: false}\n')
  await folder.put('mappers.yaml', 'mappers: [{name: clicks, store: lake, location: clicks/, keys: [user_id]}]\n')
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [entry, ...args], {
      cwd: folder.root,
      env: { ...process.env, DATABASE_URL: database.url },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  const run = async (args: readonly string[], stdin = '') => {
    const child = start(...args)
    child.stdin!.end(stdin)
    const [status] = (await once(child, 'close')) as [number | null]
    expect(status, args.join(' ')).toBe(0)
  }
  await run(['mappers', 'apply', 'mappers.yaml', '--no-check'])
  await run(['queue', 'add', '--matches', '-'], '*\nuser-1\n')
  await run(['jobs', 'start'])

  await using state = await openState({ url: database.url })
  // As if a lease had passed since the kill: a test does not wait for a minute.
  const expireLeases = async () => {
    for (const table of ['jobs', 'tasks', 'object_claims']) {
      await sql`UPDATE ${sql.table(table)} SET leased_until = now() - interval '1 second'`.execute(state.db)
    }
    await sql`UPDATE tasks SET attempts = 0`.execute(state.db)
  }
  const ended = async () => {
    const { rows: tasks } = await sql<{ count: number }>`
      SELECT count(*) AS count FROM tasks WHERE ended_at IS NOT NULL`.execute(state.db)
    return tasks[0]!.count
  }
  const random = makeRandom(4711)
  for (let kill = 0; kill < kills; kill += 1) {
    const worker = start('worker', '--until-idle')
    const hasEnded = once(worker, 'close')
    // It dies some moments after it has begun to work, wherever that is.
    const before = await ended()
    while (worker.exitCode === null && (await ended()) === before) await delay(2)
    await delay(random.below(40))
    worker.kill('SIGKILL')
    await hasEnded
    await expireLeases()
  }
  await run(['worker', '--until-idle'])

  const { rows: jobs } = await sql`SELECT state, error_code FROM jobs`.execute(state.db)
  expect(jobs).toEqual([{ state: 'COMPLETED', error_code: null }])
  const names = (await folder.names()).filter((name) => name.startsWith('lake/'))
  expect(names).toHaveLength(objects)
  for (const name of names) expect(await readRows(folder, name), name).toEqual(kept)
  const { rows: receipts } = await sql<{ body: { outcome: string; rows: { erased: number } } }>`
    SELECT body FROM receipts`.execute(state.db)
  expect(receipts.map(({ body }) => [body.outcome, body.rows.erased])).toEqual(names.map(() => ['erased', 4]))
}, 600_000)
