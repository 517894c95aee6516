import { expect, test } from 'vitest'
import { LetheError } from '../domain/error.ts'
import type { Finding } from './find-object.ts'
import { sweepLeftovers } from './sweep-leftovers.ts'

const findings = ['/a/b/1', '/a/b/2', '/a/c/3', '/4'].map((key): Finding => {
  return { kind: 'unsearched', object: { key, uri: key }, error: new LetheError('io', 'of a test') }
})

test('sweeps each folder that has an object of the run once, and adds up', async () => {
  const folders: string[] = []
  const sweep = (folder: string) => Promise.resolve(folders.push(folder))
  expect(await sweepLeftovers({ sweep }, { findings })).toBe(1 + 2 + 3)
  expect(folders).toEqual(['/a/b/', '/a/c/', '/'])
})

test('leaves folders that may not be written as they are, and tells every other error', async () => {
  const store = (code: 'permission-denied' | 'io') => ({
    sweep: (folder: string) =>
      folder === '/a/c/' ? Promise.reject(new LetheError(code, 'of a test')) : Promise.resolve(1),
  })
  expect(await sweepLeftovers(store('permission-denied'), { findings })).toBe(2)
  await expect(sweepLeftovers(store('io'), { findings })).rejects.toMatchObject({ code: 'io' })
})
