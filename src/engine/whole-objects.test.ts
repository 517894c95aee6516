import { describe, expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../test/memory-object-store.ts'
import { LetheError } from '../domain/error.ts'
import { parseObjectPattern } from '../domain/object-pattern.ts'
import { bind } from '../domain/predicate.ts'
import { parseSidecarPattern } from '../domain/sidecar-pattern.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { erase } from './erase.ts'
import { find } from './find.ts'
import type { WholeObjects } from './whole-objects.ts'

const predicate = bind([{ kind: 'simple', column: 'id', value: 'ann', position: 0 }])
const sidecar = parseSidecarPattern('{name}.meta')
const files = { 'a.png': 'A', 'a.png.meta': '{"id":"ann"}', 'b.png': 'B', 'b.png.meta': '{"id":"bob"}' }

async function run(
  store: ObjectStore,
  { targets = ['lake/'], wholeObjects = { sidecar } }: { targets?: string[]; wholeObjects?: WholeObjects } = {},
) {
  const lake = { store, formats: [] }
  const found = await find(lake, { targets, predicate, malformed: 'refuse', wholeObjects })
  const { reports } = await erase(lake, { found, empty: 'keep', dryRun: false, concurrency: 1 })
  return reports.map(({ uri, status, reason }) => [uri.slice('lake/'.length), status, reason?.code])
}

class Died extends Error {}

/** A store whose process dies at its nth removal, right before or right after it. */
function dying(store: ObjectStore, nth: number, when: 'before' | 'after'): ObjectStore {
  let calls = 0
  return {
    ...store,
    async remove(...args) {
      calls += 1
      if (calls > nth || (calls === nth && when === 'before')) throw new Died()
      await store.remove(...args)
      if (calls === nth) throw new Died()
    },
  }
}

describe('an object with a sidecar', () => {
  test("goes with it where that says that it is a person's; another's stays, and no sidecar is data", async () => {
    const memory = makeMemoryObjectStore(files)
    expect(await run(memory.store)).toEqual([
      ['a.png', 'erased', undefined],
      ['b.png', 'unchanged', undefined],
    ])
    expect((await memory.names()).sort()).toEqual(['b.png', 'b.png.meta'])
    const removals = memory.calls.filter((call) => call.startsWith('remove'))
    expect(removals).toEqual(['remove lake/a.png', 'remove lake/a.png.meta'])
  })

  test.each([1, 2].flatMap((nth) => (['before', 'after'] as const).map((when) => [when, nth] as const)))(
    'wherever the process dies, %s removal %i, the next run ends with neither',
    async (when, nth) => {
      const memory = makeMemoryObjectStore(files)
      await run(dying(memory.store, nth, when))
      const left = (await memory.names()).filter((name) => name.startsWith('a'))
      expect(left).not.toEqual(['a.png'])
      const again = await run(memory.store)
      expect(again.filter(([, status]) => status !== 'erased')).toEqual([['b.png', 'unchanged', undefined]])
      expect((await memory.names()).sort()).toEqual(['b.png', 'b.png.meta'])
    },
  )

  test('is refused where no target names the sidecar, which a crash could leave unseen', async () => {
    const memory = makeMemoryObjectStore(files)
    expect(await run(memory.store, { targets: ['lake/*.png'] })).toEqual([
      ['a.png', 'refused', 'unsupported'],
      ['b.png', 'unchanged', undefined],
    ])
    expect(await memory.names()).toHaveLength(4)
  })

  test('stays where the sidecar is named without it', async () => {
    const memory = makeMemoryObjectStore(files)
    expect(await run(memory.store, { targets: ['lake/*.meta'] })).toEqual([
      ['a.png.meta', 'refused', 'unsupported'],
      ['b.png.meta', 'refused', 'unsupported'],
    ])
    expect(await memory.names()).toHaveLength(4)
  })

  test('stays where the sidecar says something else by the time it would go', async () => {
    const memory = makeMemoryObjectStore(files)
    const store: ObjectStore = {
      ...memory.store,
      async preflight(key, options) {
        const before = memory.calls.filter((call) => call === 'preflight lake/a.png').length
        // The second look is that of the erasure.
        if (key === 'lake/a.png' && before === 1) await memory.put('a.png.meta', Buffer.from('{"id":"bob"}'))
        return await memory.store.preflight(key, options)
      },
    }
    expect((await run(store))[0]).toEqual(['a.png', 'failed', 'contended'])
    expect(await memory.names()).toHaveLength(4)
  })

  test('leaves a sidecar that another writer has put there since, and says that it did not go', async () => {
    const memory = makeMemoryObjectStore(files)
    const store: ObjectStore = {
      ...memory.store,
      async remove(key, ...rest) {
        if (key === 'lake/a.png') await memory.put('a.png.meta', Buffer.from('{"id":"eve"}'))
        await memory.store.remove(key, ...rest)
      },
    }
    expect((await run(store))[0]).toEqual(['a.png', 'failed', 'object-changed'])
    expect(memory.text('a.png.meta')).toBe('{"id":"eve"}')
  })

  test.each<[string, string, string]>([
    ['is no JSON', '{"id":', 'malformed'],
    ['has a list of people', '{"id":["ann","bob"]}', 'unsupported-key'],
    ['is larger than 1 MiB', `{"id":"ann","x":"${'x'.repeat(1 << 20)}"}`, 'limit-exceeded'],
  ])('is refused where it %s', async (_, text, code) => {
    const memory = makeMemoryObjectStore({ ...files, 'a.png.meta': text })
    expect((await run(memory.store))[0]).toEqual(['a.png', 'refused', code])
    expect(memory.text('a.png')).toBe('A')
  })

  test('is refused where its name says that it is of another', async () => {
    const memory = makeMemoryObjectStore(files)
    const wholeObjects = { sidecar, pattern: parseObjectPattern('**/{id}.png') }
    expect((await run(memory.store, { wholeObjects }))[0]).toEqual(['a.png', 'refused', 'ambiguous-column'])
  })

  test('a sidecar that no object has is a usage error', async () => {
    const memory = makeMemoryObjectStore(files)
    const wholeObjects = { sidecar: parseSidecarPattern('{name}.mta') }
    await expect(run(memory.store, { wholeObjects })).rejects.toMatchObject({ code: 'no-data' })
  })
})

describe('an object with tags', () => {
  test('stays where they say something else by the time it would go', async () => {
    const memory = makeMemoryObjectStore({ 'a.png': 'A' })
    let looks = 0
    const tags = async () => new Map([['id', (looks += 1) === 1 ? 'ann' : 'bob']])
    expect(await run({ ...memory.store, tags }, { wholeObjects: { tags: ['id'] } })).toEqual([
      ['a.png', 'failed', 'contended'],
    ])
    expect(memory.text('a.png')).toBe('A')
  })

  test('of names that differ in case alone is refused', async () => {
    const memory = makeMemoryObjectStore({ 'a.png': 'A', 'b.png': 'B' })
    const tags = async (key: string) =>
      key === 'lake/a.png'
        ? new Map([
            ['ID', 'ann'],
            ['Id', 'bob'],
          ])
        : new Map([['Id', 'bob']])
    expect(await run({ ...memory.store, tags }, { wholeObjects: { tags: ['id'] } })).toEqual([
      ['a.png', 'refused', 'ambiguous-column'],
      ['b.png', 'unchanged', undefined],
    ])
  })

  test('that cannot be read is no object of nobody', async () => {
    const memory = makeMemoryObjectStore({ 'a.png': 'A', 'b.png': 'B' })
    const tags = (key: string) =>
      key === 'lake/a.png'
        ? Promise.reject(new LetheError('permission-denied', 'no'))
        : Promise.resolve(new Map([['id', 'bob']]))
    expect(await run({ ...memory.store, tags }, { wholeObjects: { tags: ['id'] } })).toEqual([
      ['a.png', 'failed', 'permission-denied'],
      ['b.png', 'unchanged', undefined],
    ])
  })

  test('are asked for in vain where the store has none: a usage error', async () => {
    const memory = makeMemoryObjectStore({ 'a.png': 'A' })
    await expect(run(memory.store, { wholeObjects: { tags: ['id'] } })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })
})

test('a match that hits more than 1,000 objects and 1 % of them is told: it may stand for no one', async () => {
  const names = Array.from({ length: 1001 }, (_, n) => [`ann/${n}.png`, ''] as const)
  const { store } = makeMemoryObjectStore(Object.fromEntries([...names, ['bob/1.png', '']]))
  const wholeObjects = { pattern: parseObjectPattern('**/{id}/*.png') }
  const found = await find({ store, formats: [] }, { targets: ['lake/'], predicate, malformed: 'refuse', wholeObjects })
  expect(found.fuses).toEqual([{ position: 0, of: 'objects', hit: 1001, seen: 1002 }])
})
