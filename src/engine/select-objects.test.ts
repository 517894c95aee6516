import { expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../test/memory-object-store.ts'
import { LetheError } from '../domain/error.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { selectObjects } from './select-objects.ts'

type Listing = Pick<ObjectStore, 'list' | 'listOldVersions'>

async function select(store: Listing, targets: readonly string[]) {
  const keys: string[] = []
  const skipped: string[] = []
  const options = { versions: 'all' as const, onSkipped: (name: string) => skipped.push(name) }
  for await (const { key } of selectObjects(store, targets, options)) keys.push(key)
  return { keys, skipped }
}

const objects = { a: '', 'b/c': '', 'b/_d': '', '_e/f': '', '_e/g': '' }

test('yields the objects of all targets, each once, in the order of the targets', async () => {
  const { store } = makeMemoryObjectStore(objects)
  expect((await select(store, ['lake/b/c', 'lake/', 'lake/b/', 'lake/*'])).keys).toEqual(['lake/b/c', 'lake/a'])
})

test('counts each name that is passed over once', async () => {
  const { store } = makeMemoryObjectStore(objects)
  expect((await select(store, ['lake/', 'lake/b/', 'lake/**'])).skipped).toEqual(['lake/_e', 'lake/b/_d'])
})

test.each(['lake/none', 'lake/*.csv', 'lake/h/', 'lake/_i/'])(
  'a target that names no object is no-data: %s',
  async (target) => {
    const { store } = makeMemoryObjectStore({ ...objects, 'h/_only-hidden': '' })
    await expect(select(store, ['lake/', target])).rejects.toMatchObject({ code: 'no-data', outcome: 'usage' })
    await expect(select(store, [target])).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(target) }),
    )
  },
)

test('a folder that could not be listed is yielded, and is not no data', async () => {
  const error = new LetheError('permission-denied', 'shut')
  const store: Listing = {
    async *list() {
      yield { kind: 'unlisted', key: 'shut', uri: 'shut', error }
    },
    async *listOldVersions() {},
  }
  expect((await select(store, ['shut'])).keys).toEqual(['shut'])
})

test('old versions come after the current objects of a target, each once, and are no empty target', async () => {
  const { store } = makeMemoryObjectStore({ a: '' })
  const old = { kind: 'object', key: 'lake/b', uri: 'lake/b', size: 1 } as const
  const versioned: Listing = {
    list: store.list,
    async *listOldVersions() {
      yield { ...old, versionId: '1' }
      yield { ...old, versionId: '2' }
    },
  }
  expect((await select(versioned, ['lake/', 'lake/b'])).keys).toEqual(['lake/a', 'lake/b', 'lake/b'])
})
