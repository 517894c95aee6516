import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeFileKeyRing } from '../../src/adapters/key-ring/file/file-key-ring.ts'
import { finishMatches, holdMatches } from '../../src/adapters/state/postgres/hold-matches.ts'
import { makeMapperStore } from '../../src/adapters/state/postgres/mapper-store.ts'
import { openState } from '../../src/adapters/state/postgres/open-state.ts'
import { makeQueueStore } from '../../src/adapters/state/postgres/queue-store.ts'
import type { Match } from '../../src/domain/match.ts'
import { type MatchContent, matchContent } from '../../src/domain/match-content.ts'
import { addMatches, type NewMatch } from '../../src/engine/queue/add-matches.ts'
import { destroyFinishedKeys } from '../../src/engine/queue/destroy-finished-keys.ts'
import { findQueued } from '../../src/engine/queue/find-queued.ts'
import { listMatches } from '../../src/engine/queue/list-matches.ts'
import { unsealMatches } from '../../src/engine/queue/unseal-matches.ts'
import type { KeyRing } from '../../src/ports/key-ring.ts'
import type { MapperStore } from '../../src/ports/mapper-store.ts'
import type { QueueStore } from '../../src/ports/queue-store.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import type { OpenTestState, TestState } from './open-test-state.ts'
import { insertJob, mapperNamed } from './stores-suite.ts'

/**
 * Tests of the deletion queue with its keys, the same on the embedded database and on a server.
 *
 * @param many how many matches a large batch has
 */
export function testQueue(open: OpenTestState, { many }: { readonly many: number }): void {
  let state: TestState
  let folder: TemporaryFolder
  let lake: { mappers: MapperStore; queue: QueueStore; keyRing: KeyRing }

  beforeEach(async () => {
    state = await open()
    await state.clear()
    folder = await makeTemporaryFolder()
    lake = {
      mappers: makeMapperStore(state.db),
      queue: makeQueueStore(state.db),
      keyRing: makeFileKeyRing({ folder: `${folder.root}keys`, masterKeyFile: `${folder.root}master.key` }),
    }
    await lake.mappers.change({ put: [mapperNamed('a', { columns: ['last', 'born'] }), mapperNamed('b')] })
  }, 120_000)
  afterEach(() => folder[Symbol.asyncDispose]())

  const add = (contents: readonly Columns[], mappers?: readonly string[]) =>
    addMatches(lake, {
      matches: newMatches(contents),
      deadline: 'gdpr',
      addedBy: 'test',
      ...(mappers === undefined ? {} : { mappers }),
    })
  const hold = async (): Promise<string> => {
    const jobId = await insertJob(state.db)
    await state.db.transaction().execute((transaction) => holdMatches(transaction, { jobId }))
    return jobId
  }
  const keyFiles = () => keyFilesOf(`${folder.root}keys`)

  describe('the deletion queue', () => {
    test('gives a job the matches as they were given, character by character', async () => {
      const values = [' 42 ', '', '0', 'a"b\\c\n', 'e\u0301', '\ud83d\ude00', '9007199254740993']
      await add(values.map((user_id) => ({ user_id })))
      await add([{ '*': '42' }, { last: 'Lovelace', born: '1815-12-10' }])
      const job = await hold()
      const matches: Match[] = []
      for await (const { match } of unsealMatches(lake, job)) matches.push(match)
      expect(matches).toEqual([
        ...values.map((value, position) => ({
          kind: 'composite',
          values: [{ column: 'user_id', value }],
          position,
        })),
        { kind: 'simple', value: '42', position: 7 },
        {
          kind: 'composite',
          values: [
            { column: 'born', value: '1815-12-10' },
            { column: 'last', value: 'Lovelace' },
          ],
          position: 8,
        },
      ])
    })

    test('refuses columns that no mapper has together, without a trace', async () => {
      const refused = { code: 'invalid-match', message: expect.not.stringContaining('ada@example.org') }
      await expect(add([{ user_id: '42' }, { 'ada@example.org': 'x' }])).rejects.toMatchObject(refused)
      await expect(add([{ user_id: '42', last: 'x' }], ['b'])).rejects.toMatchObject(refused)
      await expect(add([])).rejects.toMatchObject({ code: 'invalid-match' })
      await expect(add([{ user_id: '42' }], ['c'])).rejects.toMatchObject({ code: 'not-found' })
      expect(await keyFiles()).toEqual([])
      expect(await lake.queue.openBatches()).toEqual([])
    })

    test('is looked through by value, in every batch', async () => {
      await add([{ user_id: '42' }, { user_id: '43' }])
      await add([{ last: 'x', born: 'y' }, { user_id: '42' }])
      const look = (columns: Columns) => findQueued(lake, [contentOf(columns)])
      expect(await look({ user_id: '42' })).toEqual([1, 4])
      expect(await look({ born: 'y', last: 'x' })).toEqual([3])
      expect(await look({ user_id: '44' })).toEqual([])
      expect(await look({ '*': '42' })).toEqual([])
    })

    test('is listed without values, and names no column that no mapper has any more', async () => {
      const person = 'ada.lovelace-4711@example.org'
      await add([{ user_id: person }, { '*': person }])
      await add([{ last: person, born: person }], ['a'])
      await lake.mappers.change({ put: [mapperNamed('a', { columns: ['last'] })] })
      const listed = []
      for await (const match of listMatches(lake, { today: '2026-03-22' })) listed.push(match)
      expect(listed).toMatchObject([
        { id: 1, columns: ['user_id'], daysLeft: 10, isAtRisk: true, state: 'QUEUED' },
        { id: 2, columns: [], daysLeft: 10 },
        { id: 3, columns: [null, 'last'], mappers: ['a'], daysLeft: 10 },
      ])
      expect(JSON.stringify(listed)).not.toContain(person)
    })

    test('shows no columns where the key is not here', async () => {
      await add([{ user_id: '42' }])
      const elsewhere = makeFileKeyRing({ folder: `${folder.root}other`, masterKeyFile: `${folder.root}other.key` })
      for await (const match of listMatches({ ...lake, keyRing: elsewhere }, { today: '2026-03-01' })) {
        expect(match).not.toHaveProperty('columns')
      }
      await expect(findQueued({ ...lake, keyRing: elsewhere }, [contentOf({ user_id: '42' })])).rejects.toMatchObject({
        code: 'key-unavailable',
      })
    })

    test('destroys the key of a batch when its last match is final, whatever step a crash was at', async () => {
      await add([{ user_id: '42' }, { user_id: '43' }])
      await lake.queue.remove({ ids: [1] })
      expect(await destroyFinishedKeys(lake)).toBe(0)
      await finishMatches(state.db, await hold())
      const crashing: KeyRing = {
        ...lake.keyRing,
        async destroy(id) {
          await lake.keyRing.destroy(id)
          throw new Error('crash')
        },
      }
      await expect(destroyFinishedKeys({ ...lake, keyRing: crashing })).rejects.toThrow('crash')
      expect(await keyFiles()).toEqual([])
      expect(await lake.queue.finishedBatches()).toHaveLength(1)
      expect(await destroyFinishedKeys(lake)).toBe(1)
      expect(await destroyFinishedKeys(lake)).toBe(0)
    })

    test('calls no key destroyed that another ring has', async () => {
      await add([{ user_id: '42' }])
      await lake.queue.remove({ ids: [1] })
      const elsewhere = makeFileKeyRing({ folder: `${folder.root}other`, masterKeyFile: `${folder.root}other.key` })
      await elsewhere.create()
      await expect(destroyFinishedKeys({ ...lake, keyRing: elsewhere })).rejects.toMatchObject({
        code: 'key-unavailable',
      })
      expect(await lake.queue.finishedBatches()).toHaveLength(1)
    })

    test(`takes ${many} matches as one batch, and gives each of them back`, async () => {
      const added = await addMatches(lake, {
        matches: manyMatches(many),
        deadline: { days: 90 },
        addedBy: 'test',
      })
      expect(added.count).toBe(many)
      let position = 0
      for await (const { match } of unsealMatches(lake, await hold())) {
        if (match.kind !== 'composite' || match.values[0]!.value !== `person-${position}`) break
        position += 1
      }
      expect(position).toBe(many)
    }, 120_000)
  })
}

/** Tests of what is left of values in the files of an embedded database. */
export function testResidue(open: OpenTestState): void {
  const planted = ['ada.lovelace-4711@example.org', '90071992547409931']

  test('database, log, and a copy of both with the master key tell no value once the key of the batch is gone', async () => {
    await using folder = await makeTemporaryFolder()
    const places = { folder: `${folder.root}keys`, masterKeyFile: `${folder.root}master.key` }
    const state = await open()
    await state.clear()
    const lake = {
      mappers: makeMapperStore(state.db),
      queue: makeQueueStore(state.db),
      keyRing: makeFileKeyRing(places),
    }
    await lake.mappers.change({ put: [mapperNamed('a')] })
    const matches = newMatches(planted.map((user_id) => ({ user_id })))
    await addMatches(lake, { matches, deadline: 'gdpr', addedBy: 'test' })

    // What an attacker got hold of before the clean-up: the database with its log, and the master key.
    const copy = `${folder.root}copy/`
    await cp(state.folder!, `${copy}state`, { recursive: true })
    await cp(places.masterKeyFile, `${copy}master.key`)
    const [keyFile] = await keyFilesOf(places.folder)
    const wrapped = await readFile(join(places.folder, keyFile!))

    const jobId = await insertJob(state.db)
    await state.db.transaction().execute((transaction) => holdMatches(transaction, { jobId }))
    const unsealed = []
    for await (const { match } of unsealMatches(lake, jobId)) unsealed.push(match)
    expect(JSON.stringify(unsealed)).toContain(planted[0])
    await finishMatches(state.db, jobId)
    expect(await destroyFinishedKeys(lake)).toBe(1)
    await sql`CHECKPOINT`.execute(state.db)

    // Neither a value nor the key, as it was wrapped, is anywhere in what is left and what was taken.
    const wrappedKey = wrapped.subarray(13, 45)
    const needles = [...planted.map((value) => Buffer.from(value)), wrappedKey]
    for (const place of [state.folder!, copy, places.folder]) expect(await filesWith(place, needles)).toEqual([])

    // The ciphertexts of the copy do not open with its master key and what is left of the ring.
    for (const name of await readdir(`${copy}state`)) if (name.startsWith('lock.')) await rm(`${copy}state/${name}`)
    await using taken = await openState({ folder: `${copy}state` })
    const attack = {
      queue: makeQueueStore(taken.db),
      keyRing: makeFileKeyRing({ ...places, masterKeyFile: `${copy}master.key` }),
    }
    const rows = []
    for await (const row of attack.queue.list()) rows.push(row)
    expect(rows).toHaveLength(2)
    for (const { keyId } of rows)
      await expect(attack.keyRing.open(keyId)).rejects.toMatchObject({ code: 'key-unavailable' })

    // They would, had the key been left: the attack is a real one.
    await writeFile(join(places.folder, keyFile!), wrapped)
    const opened = await Promise.all(
      rows.map(async (row) =>
        (await attack.keyRing.open(row.keyId)).unseal(row.sealed!, `${row.batchId}:${row.ordinal}`),
      ),
    )
    expect(opened).toEqual(planted.map((value) => JSON.stringify([['user_id', value]])))
  }, 120_000)
}

type Columns = Readonly<Record<string, string>>

function contentOf(columns: Columns): MatchContent {
  return matchContent(Object.entries(columns).map(([column, value]) => ({ column, value })))!
}

async function* newMatches(all: readonly Columns[]): AsyncGenerator<NewMatch> {
  for (const [index, columns] of all.entries()) {
    yield { content: contentOf(columns), place: `line ${index + 1}`, receivedOn: '2026-03-01' }
  }
}

async function* manyMatches(count: number): AsyncGenerator<NewMatch> {
  for (let index = 0; index < count; index += 1) {
    const content = contentOf({ user_id: `person-${index}` })
    yield { content, place: `line ${index + 1}`, reference: `R-${index % 100}`, receivedOn: '2026-03-01' }
  }
}

async function keyFilesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.key'))
}

/** Files below a folder that hold one of these bytes, in their content or, as text, in their name. */
async function filesWith(folder: string, needles: readonly Buffer[]): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = Buffer.concat([Buffer.from(path), await readFile(path)])
    if (needles.some((needle) => content.includes(needle))) found.push(path)
  }
  return found
}
