import { expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../test/memory-object-store.ts'
import { makeTableGuard } from './table-guard.ts'

const managed: Record<string, string> = {
  'Delta Lake': 't/_delta_log/00000000000000000000.json',
  Hudi: 't/.hoodie/hoodie.properties',
  Iceberg: 't/metadata/v1.metadata.json',
  'Iceberg, compressed': 't/metadata/v1.gz.metadata.json',
  'Parquet summary': 't/_metadata',
  'Parquet summary of the schema': 't/_common_metadata',
}

test.each(Object.entries(managed))('%s: objects below are refused at any depth, others are not', async (_, marker) => {
  const { store } = makeMemoryObjectStore({ [marker]: '', 't/a': '', 't/b/day=1/c': '', 'u/d': '', 'tt/e': '' })
  const guard = makeTableGuard(store)
  for (const key of ['lake/t/a', 'lake/t/b/day=1/c', `lake/${marker}`]) {
    await expect(guard({ key }), key).rejects.toMatchObject({ code: 'table-managed', outcome: 'refused' })
  }
  for (const key of ['lake/u/d', 'lake/tt/e', 'lake/a', 'a']) await guard({ key })
})

test('what only looks like a table is none', async () => {
  const { store } = makeMemoryObjectStore({
    't/_delta_log': 'a file of that name',
    't/.hoodie_partition_metadata': '',
    't/metadata/readme.txt': '',
    't/metadata/v1.metadata.json/folder': '',
    't/_metadata/folder': '',
    't/_common_metadata.json': '',
    't/deeper/metadata.json': '',
  })
  await makeTableGuard(store)({ key: 'lake/t/a' })
})

test('a link out of a table is in the table, as is one into it', async () => {
  const { store } = makeMemoryObjectStore({ 't/_delta_log/0.json': '' })
  const guard = makeTableGuard(store)
  for (const object of [
    { key: 'lake/elsewhere/a', linkPath: 'lake/t/link/a' },
    { key: 'lake/t/a', linkPath: 'lake/elsewhere/link' },
  ]) {
    await expect(guard(object)).rejects.toMatchObject({ code: 'table-managed' })
  }
})

test('each folder is asked once, however many objects are in it', async () => {
  const { store, calls } = makeMemoryObjectStore({})
  const guard = makeTableGuard(store)
  await Promise.all(Array.from({ length: 50 }, (_, index) => guard({ key: `/lake/day=${index % 2}/${index}` })))
  expect(new Set(calls).size).toBe(calls.length)
  expect(calls.toSorted()).toEqual(
    ['/', '/lake/', '/lake/day=0/', '/lake/day=1/'].map((folder) => `children ${folder}`),
  )
})

test('a folder of many names is asked for the few that matter', async () => {
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`t/a${index}`, '']))
  for (const marker of ['t/_delta_log/0.json', 't/zz', 't/metadata/v1.metadata.json']) {
    const { store, calls } = makeMemoryObjectStore({ ...many, [marker]: '' })
    const judged = makeTableGuard(store)({ key: 'lake/t/a1' })
    if (marker === 't/zz') await judged
    else await expect(judged).rejects.toMatchObject({ code: 'table-managed' })
    expect(calls).toContain('children lake/t/_delta_log')
  }
})

test('a folder of the disk is never asked for all its names: it may be closed to that', async () => {
  const { store, calls } = makeMemoryObjectStore({ 't/.hoodie/hoodie.properties': '' })
  const guard = makeTableGuard({ ...store, capabilities: { ...store.capabilities, folders: true } })
  await expect(guard({ key: 'lake/t/a' })).rejects.toMatchObject({ code: 'table-managed' })
  expect(calls).not.toContain('children lake/t/')
})

test('what cannot be looked into is not taken for safe', async () => {
  const { store } = makeMemoryObjectStore({})
  const guard = makeTableGuard({
    ...store,
    async *children(folder, options) {
      if (folder === 'lake/') throw Object.assign(new Error('shut'), { code: 'EACCES' })
      yield* store.children(folder, options)
    },
  })
  await expect(guard({ key: 'lake/t/a' })).rejects.toThrow('shut')
})
