import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openState } from '../../src/adapters/state/postgres/open-state.ts'
import { makeServerDatabase, openServerState, shareState } from '../state/open-test-state.ts'
import { testQueue } from '../state/queue-suite.ts'
import { testStores } from '../state/stores-suite.ts'

describe('the state, on a Postgres server', () => {
  const open = shareState(openServerState)
  describe('stores', () => testStores(open))
  describe('queue', () => testQueue(open, { many: 100_000 }))

  test('is made once by programs that start at the same time', async () => {
    await using database = await makeServerDatabase()
    const states = await Promise.all(Array.from({ length: 6 }, () => openState({ url: database.url })))
    const applied = await states[0]!.db.selectFrom('migrations').select('number').execute()
    await Promise.all(states.map((state) => state[Symbol.asyncDispose]()))
    expect(applied.map(({ number }) => number)).toEqual(applied.map((_, index) => index + 1))
  })

  test('is refused by an older program', async () => {
    await using database = await makeServerDatabase()
    {
      await using state = await openState({ url: database.url })
      await state.db.insertInto('migrations').values({ number: 9999 }).execute()
    }
    await expect(openState({ url: database.url })).rejects.toMatchObject({ code: 'state-newer' })
  })

  test('that goes away within a transaction ends the transaction and not the process', async () => {
    await using database = await makeServerDatabase()
    await using state = await openState({ url: database.url })
    await using other = await openState({ url: database.url })
    const work = state.db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(transaction)
      await sql`SELECT pg_terminate_backend(${rows[0]!.pid}::int, 10000)`.execute(other.db)
      // Told while nothing is asked: nobody's query rejects.
      await new Promise((resolve) => setImmediate(resolve))
      await sql`SELECT 1`.execute(transaction)
    })
    await expect(work).rejects.toMatchObject({ code: 'state-unavailable', retryable: true })
    await expect(sql`SELECT 1`.execute(state.db)).resolves.toBeDefined()
  })

  test('lets go of the rows of a worker that sleeps in a transaction', async () => {
    await using database = await makeServerDatabase()
    await using state = await openState({ url: database.url })
    const { rows } = await sql`SHOW idle_in_transaction_session_timeout`.execute(state.db)
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: '30s' }])
    await using sleeper = await openState({ url: `${database.url}?idle_in_transaction_session_timeout=50` })
    const wake = Promise.withResolvers<void>()
    const asleep = Promise.withResolvers<void>()
    const work = sleeper.db.transaction().execute(async (transaction) => {
      await sql`LOCK TABLE jobs`.execute(transaction)
      asleep.resolve()
      await wake.promise
      await sql`SELECT 1`.execute(transaction)
    })
    await asleep.promise
    const free = await state.db.transaction().execute((transaction) => sql`LOCK TABLE jobs`.execute(transaction))
    expect(free).toBeDefined()
    wake.resolve()
    await expect(work).rejects.toMatchObject({ code: 'state-unavailable', retryable: true })
  })

  test('that cannot be reached is told so, without the address', async () => {
    const error: unknown = await openState({ url: 'postgres://lethe:secret@127.0.0.1:1/none' }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'state-unavailable', retryable: true })
    expect(String(error)).not.toContain('secret')
  })
})
