import { cp, readdir, rm } from 'node:fs/promises'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openEmbeddedState, shareState } from '../../../../test/state/open-test-state.ts'
import { testQueue, testResidue } from '../../../../test/state/queue-suite.ts'
import { testStores } from '../../../../test/state/stores-suite.ts'
import { makeTemporaryFolder } from '../../../../test/temporary-folder.ts'
import { openState } from './open-state.ts'

describe('the state, embedded', () => {
  const open = shareState(openEmbeddedState)
  describe('stores', () => testStores(open))
  describe('queue', () => testQueue(open, { many: 20_000 }))
  describe('residue', () => testResidue(open))

  test('is refused to a second opener of the same folder', async () => {
    const { folder } = await open()
    await expect(openState({ folder: folder! })).rejects.toMatchObject({ code: 'state-locked' })
  })

  test('opens after a process that was killed while it started, or while it made the database', async () => {
    await using folder = await makeTemporaryFolder()
    const location = { folder: `${folder.root}state` }
    // The first start: some of the files were there.
    await folder.put('state/making', '')
    await folder.put('state/postgres/PG_VERSION', '18\n')
    {
      await using state = await openState(location)
      await state.db.insertInto('mappers').values({ name: 'kept', definition: '{}' }).execute()
    }
    // A later one: the mark of its process was made, and nothing written into it.
    await folder.put('state/postgres/postmaster.pid', '')
    await using state = await openState(location)
    expect(await state.db.selectFrom('mappers').select('name').execute()).toEqual([{ name: 'kept' }])
  })

  test('is there again after a process that ended without closing it, and refused by an older program', async () => {
    const state = await open()
    await state.clear()
    await state.db.insertInto('migrations').values({ number: 9999 }).execute()
    await using folder = await makeTemporaryFolder()
    await cp(state.folder!, `${folder.root}copy`, { recursive: true })
    await sql`DELETE FROM migrations WHERE number = 9999`.execute(state.db)
    for (const name of await readdir(`${folder.root}copy`)) {
      if (name.startsWith('lock.')) await rm(`${folder.root}copy/${name}`)
    }
    await expect(openState({ folder: `${folder.root}copy` })).rejects.toMatchObject({ code: 'state-newer' })
  }, 120_000)

  test('passes on no text of the database', async () => {
    const { db } = await open()
    const error: unknown = await sql`SELECT ${'ada@example.org'}::integer`.execute(db).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'internal', detail: { sqlState: '22P02' } })
    expect(String(error)).not.toContain('ada')
  })

  test('serves calls that come at the same time as a transaction', async () => {
    const { db } = await open()
    const count = () =>
      db
        .selectFrom('migrations')
        .select((row) => row.fn.countAll<number>().as('n'))
        .executeTakeFirst()
    const before = await count()
    const results = await Promise.all([
      db
        .transaction()
        .execute(async (transaction) => {
          await transaction.insertInto('migrations').values({ number: 8888 }).execute()
          throw new Error('rolled back')
        })
        .catch((error: unknown) => error),
      count(),
      db.transaction().execute(() => Promise.resolve('done')),
      count(),
    ])
    expect(results).toMatchObject([{ message: 'rolled back' }, before, 'done', before])
  })
})
