import { describe, expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../test/memory-object-store.ts'
import { LetheError } from '../domain/error.ts'
import { parseObjectPattern } from '../domain/object-pattern.ts'
import { bind } from '../domain/predicate.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { erase } from './erase.ts'
import { find } from './find.ts'

const predicate = bind([{ kind: 'simple', column: 'id', value: 'ann', position: 0 }])
const request = { targets: ['lake/'], predicate, malformed: 'refuse' } as const
const wholeObjects = { pattern: parseObjectPattern('**/{id}.png') }

/** A run over a store whose `remove` is changed. */
async function run(change: (remove: ObjectStore['remove']) => ObjectStore['remove']) {
  const memory = makeMemoryObjectStore({ 'ann.png': 'a', 'bob.png': 'b' })
  const store: ObjectStore = { ...memory.store, remove: change(memory.store.remove.bind(memory.store)) }
  const lake = { store, formats: [] }
  const found = await find(lake, { ...request, wholeObjects })
  const { reports } = await erase(lake, { found, empty: 'keep', dryRun: false })
  return { memory, reports }
}

describe("an object that is a person's as a whole", () => {
  test("goes, though another writer replaces it at the last moment: it is that person's by its name", async () => {
    let calls = 0
    const { memory, reports } = await run((remove) => async (key, condition, options) => {
      calls += 1
      if (calls === 1) throw new LetheError('object-changed', 'another writer was there')
      await remove(key, condition, options)
    })
    expect(reports.map(({ status }) => status)).toEqual(['erased', 'unchanged'])
    expect([memory.text('ann.png'), memory.text('bob.png')]).toEqual([undefined, 'b'])
  })

  test('fails as contended where it never rests, and stays', async () => {
    const { memory, reports } = await run(() => () => Promise.reject(new LetheError('object-changed', 'again')))
    expect(reports[0]).toMatchObject({ status: 'failed', reason: { code: 'contended' } })
    expect(memory.text('ann.png')).toBe('a')
  })

  test('is never opened by a search, and no other that the pattern fits is', async () => {
    const memory = makeMemoryObjectStore({ 'ann.png': 'a', 'bob.png': 'b' })
    await find({ store: memory.store, formats: [] }, { ...request, wholeObjects })
    expect(memory.calls.filter((call) => call.startsWith('open'))).toEqual([])
  })
})
