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

  test('that cannot be reached is told so, without the address', async () => {
    const error: unknown = await openState({ url: 'postgres://lethe:secret@127.0.0.1:1/none' }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'state-unavailable', retryable: true })
    expect(String(error)).not.toContain('secret')
  })
})
