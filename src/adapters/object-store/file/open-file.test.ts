import { existsSync } from 'node:fs'
import { type FileHandle, link, open, rename, truncate } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { interceptedFileSystem } from '../../../../test/fault/intercepted-file-system.ts'
import { makeTemporaryFolder } from '../../../../test/temporary-folder.ts'
import { makeFileStore } from './file-store.ts'

const store = makeFileStore()

describe('an open file', () => {
  const changes: Record<string, (path: string, writer: FileHandle) => Promise<unknown>> = {
    'was written to in place, with the same size': (_, writer) => writer.write('X', 0),
    'was appended to': (path) => open(path, 'a').then((file) => file.write('more').finally(() => file.close())),
    'was cut': (path) => truncate(path, 3),
    'was renamed': (path) => rename(path, `${path}.old`),
    'got another name': (path) => link(path, `${path}.link`),
  }

  test.each(Object.entries(changes))('that %s after a read is not read again', async (_, change) => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '0123456789')
    const path = `${folder.root}a`
    const writer = await open(path, 'r+')
    await using opened = await store.open(path)
    await opened.read(0, 10)
    await change(path, writer)
    await writer.close()
    await expect(opened.read(0, 10)).rejects.toMatchObject({ code: 'object-changed', retryable: true })
  })

  test.each(Object.entries(changes))('that %s during a read is not what the read yields', async (_, change) => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '0123456789')
    const path = `${folder.root}a`
    const writer = await open(path, 'r+')
    let reads = 0
    const fileSystem = interceptedFileSystem(async (call) => {
      if (call !== 'handle.read') return
      reads += 1
      if (reads === 1) await change(path, writer)
    })
    await using opened = await makeFileStore({ fileSystem }).open(path)
    await expect(opened.read(0, 10)).rejects.toMatchObject({ code: 'object-changed' })
    await writer.close()
  })

  test('whose last change is in the same tick of the clock as the next one never yields one after the other', async () => {
    // Many times, because a tick is short: a read that began before the second write would see the change too late.
    for (let time = 0; time < 20; time += 1) {
      await using folder = await makeTemporaryFolder()
      await folder.put('a', 'old old old')
      await using opened = await store.open(`${folder.root}a`)
      const first = textOf(opened.read(0, 11))
      await folder.put('a', 'new new new')
      const contents = [await first, await textOf(opened.read(0, 11))]
      expect([
        ['new new new', 'new new new'],
        ['old old old', 'object-changed'],
        ['object-changed', 'object-changed'],
      ]).toContainEqual(contents)
    }
  })

  const shorter = '/sys/kernel/uevent_seqnum'
  test.skipIf(!existsSync(shorter))(
    'that is shorter than the system says is an error, not padded (needs /sys)',
    async () => {
      await using opened = await store.open(shorter)
      expect(opened.size).toBe(4096)
      await expect(opened.read(0, opened.size)).rejects.toMatchObject({ code: 'io' })
    },
  )

  test('reads only inside of the file', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '0123456789')
    await using opened = await store.open(`${folder.root}a`)
    for (const [start, end] of [
      [-1, 2],
      [3, 2],
      [0, 11],
    ] as const) {
      await expect(opened.read(start, end)).rejects.toThrow(RangeError)
    }
  })
})

async function textOf(read: Promise<Uint8Array>): Promise<string> {
  return await read.then(
    (bytes) => Buffer.from(bytes).toString(),
    (error: { code: string }) => error.code,
  )
}
