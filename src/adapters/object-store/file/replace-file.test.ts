import { chmod, chown, link, lstat, readlink, stat, symlink, utimes } from 'node:fs/promises'
import { getAttribute, listAttributes, setAttribute } from '@napi-rs/xattr'
import { describe, expect, test } from 'vitest'
import { interceptedFileSystem } from '../../../../test/fault/intercepted-file-system.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../../../../test/temporary-folder.ts'
import { asUnprivileged, nobody } from '../../../../test/unprivileged.ts'
import { makeEdit } from '../../../formats/edit.ts'
import { bytesSource } from '../../../formats/range-source.ts'
import type { ObjectStore } from '../../../ports/object-store.ts'
import { makeFileStore } from './file-store.ts'

const isAdministrator = process.geteuid!() === 0

/** Replaces the file that the name leads to by its first three bytes. */
async function replace(folder: TemporaryFolder, name: string, store: ObjectStore = makeFileStore()): Promise<void> {
  for await (const { key } of store.list(folder.root + name)) {
    await store.preflight(key, { before: 'rewrite' })
    await using source = await store.open(key)
    const spool = bytesSource(new Uint8Array(0))
    const edit = makeEdit([{ from: 'source', start: 0, end: 3 }], { spool, rowsBefore: 2, rowsErased: 1 })
    await store.write(key, { source, edit, condition: { unchanged: source.version } })
  }
}

async function contentOf(folder: TemporaryFolder, name: string): Promise<string> {
  return Buffer.from((await folder.get(name))!).toString()
}

describe('a replaced file', () => {
  test.each([0o600, 0o644, 0o444, 0o640, 0o777, 0o2755, 0o4755])('keeps its mode %o', async (mode) => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '1234')
    await chmod(`${folder.root}a`, mode)
    await replace(folder, 'a')
    expect((await stat(`${folder.root}a`)).mode & 0o7777).toBe(mode)
    expect(await contentOf(folder, 'a')).toBe('123')
  })

  test('is at no time open to more people than the old one', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '1234')
    await chmod(`${folder.root}a`, 0o640)
    const modes = new Set<number>()
    const fileSystem = interceptedFileSystem(async () => {
      const [temporary] = (await folder.names()).filter((name) => name.startsWith('.lethe-'))
      if (temporary === undefined) return
      const { mode, size } = await stat(folder.root + temporary)
      modes.add(mode & 0o7777)
      if (size > 0) expect(mode & 0o7777).toBe(0o640)
    })
    await replace(folder, 'a', makeFileStore({ fileSystem }))
    expect(modes).toEqual(new Set([0o600, 0o640]))
  })

  test.skipIf(!isAdministrator)('keeps its owner and group (needs the administrator)', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '1234')
    await chown(`${folder.root}a`, 12_345, 54_321)
    await replace(folder, 'a')
    expect(await stat(`${folder.root}a`)).toMatchObject({ uid: 12_345, gid: 54_321, size: 3 })
  })

  test.skipIf(!isAdministrator)(
    'of another owner is refused before and at the write (needs the administrator)',
    async () => {
      await using folder = await makeTemporaryFolder()
      await folder.put('a', '1234')
      await asUnprivileged(folder, async () => {
        process.seteuid!(0)
        await chown(`${folder.root}a`, nobody + 1, nobody)
        process.seteuid!(nobody)
        await expect(replace(folder, 'a')).rejects.toMatchObject({ code: 'not-owner', outcome: 'refused' })
        const store: ObjectStore = { ...makeFileStore(), preflight: () => Promise.resolve([]) }
        await expect(replace(folder, 'a', store)).rejects.toMatchObject({ code: 'not-owner', outcome: 'refused' })
        expect(await folder.names()).toEqual(['a'])
      })
      expect(await contentOf(folder, 'a')).toBe('1234')
    },
  )

  test('in a folder that may not be written fails and stays', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('shut/a', '1234')
    await asUnprivileged(folder, async () => {
      await chmod(`${folder.root}shut`, 0o500)
      await expect(replace(folder, 'shut/a')).rejects.toMatchObject({ code: 'permission-denied' })
      await chmod(`${folder.root}shut`, 0o700)
    })
    expect(await contentOf(folder, 'shut/a')).toBe('1234')
  })

  test('has the time of its replacement', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '1234')
    await utimes(`${folder.root}a`, 1000, 1000)
    await folder.put('witness', '')
    await replace(folder, 'a')
    const { mtimeMs } = await stat(`${folder.root}a`)
    expect(mtimeMs).toBeGreaterThanOrEqual((await stat(`${folder.root}witness`)).mtimeMs)
  })

  test('keeps its extended attributes and access list, and takes none over from its folder', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '1234')
    await folder.put('b', '1234')
    for (const name of ['user.origin', 'user.empty']) {
      await setAttribute(`${folder.root}a`, name, name === 'user.empty' ? '' : 'billing')
    }
    const access = accessList({ user: 6, person: [1000, 4], group: 0, mask: 6, others: 0 })
    await setAttribute(`${folder.root}a`, 'system.posix_acl_access', access)
    const forNewFiles = accessList({ user: 7, person: [1001, 7], group: 7, mask: 7, others: 7 })
    await setAttribute(folder.root, 'system.posix_acl_default', forNewFiles)
    const before = await stat(`${folder.root}a`)
    const attributes = (await listAttributes(`${folder.root}a`)).sort()
    await replace(folder, '{a,b}')
    expect((await listAttributes(`${folder.root}a`)).sort()).toEqual(attributes)
    expect(await getAttribute(`${folder.root}a`, 'user.origin')).toEqual(Buffer.from('billing'))
    expect(await getAttribute(`${folder.root}a`, 'user.empty')).toEqual(Buffer.alloc(0))
    expect(await getAttribute(`${folder.root}a`, 'system.posix_acl_access')).toEqual(access)
    expect(await stat(`${folder.root}a`)).toMatchObject({ mode: before.mode, size: 3 })
    expect(await listAttributes(`${folder.root}b`)).toEqual([])
  })

  test('is what a link leads to, in its own folder; the link stays', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('data/a', '1234')
    await symlink('data/a', `${folder.root}link`)
    await symlink('link', `${folder.root}link-to-link`)
    await replace(folder, 'link-to-link')
    expect(await contentOf(folder, 'data/a')).toBe('123')
    expect((await lstat(`${folder.root}data/a`)).isFile()).toBe(true)
    expect([await readlink(`${folder.root}link`), await readlink(`${folder.root}link-to-link`)]).toEqual([
      'data/a',
      'link',
    ])
    expect(await folder.names()).toEqual(['data/a', 'link', 'link-to-link'])
  })

  test('with another hard link is refused, and both names stay', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a', '1234')
    await link(`${folder.root}a`, `${folder.root}b`)
    await expect(replace(folder, 'a')).rejects.toMatchObject({ code: 'hard-linked', outcome: 'refused' })
    expect([await contentOf(folder, 'a'), await contentOf(folder, 'b')]).toEqual(['1234', '1234'])
  })

  test('loses its checksum sidecar, other files theirs not, and what is no file stays', async () => {
    await using folder = await makeTemporaryFolder()
    for (const name of ['a', '.a.crc', 'b', '.b.crc', 'c', '.c.crc/d']) await folder.put(name, '1234')
    await replace(folder, '{a,c}')
    expect(await folder.names()).toEqual(['.b.crc', '.c.crc/d', 'a', 'b', 'c'])
  })

  test('that someone replaces at any step keeps their content, except in the one window that is documented', async () => {
    const outcomes = new Map<string, string>()
    for (let at = 1, done = false; !done; at += 1) {
      await using folder = await makeTemporaryFolder()
      await folder.put('a', '1234')
      await folder.put('.a.crc', 'sum')
      let calls = 0
      let disturbed: string | undefined
      const fileSystem = interceptedFileSystem(async (call) => {
        calls += 1
        if (calls !== at) return
        disturbed = call
        await folder.put('a', 'theirs')
      })
      const error = await replace(folder, 'a', makeFileStore({ fileSystem })).catch((reason: unknown) => reason)
      done = disturbed === undefined
      const content = await contentOf(folder, 'a')
      if (error !== undefined) expect(error, disturbed).toMatchObject({ code: 'object-changed' })
      if (disturbed !== undefined) outcomes.set(`${at} ${disturbed}`, content)
      expect((await folder.names()).filter((name) => name.startsWith('.lethe-'))).toEqual([])
    }
    const lost = [...outcomes].filter(([, content]) => content === '123').map(([call]) => call.replace(/^\d+ /, ''))
    expect(lost).toEqual(['rename'])
    expect(outcomes.size).toBeGreaterThan(10)
  })
})

/** A POSIX access list as Linux keeps it (linux/posix_acl_xattr.h): version 2, then tag, permissions and id of each entry. */
function accessList({
  user,
  person,
  group,
  mask,
  others,
}: {
  user: number
  person: [number, number]
  group: number
  mask: number
  others: number
}): Buffer {
  const nobodyInParticular = 0xffffffff
  const entries = [
    [0x01, user, nobodyInParticular],
    [0x02, person[1], person[0]],
    [0x04, group, nobodyInParticular],
    [0x10, mask, nobodyInParticular],
    [0x20, others, nobodyInParticular],
  ] as const
  const bytes = Buffer.alloc(4 + 8 * entries.length)
  bytes.writeUInt32LE(2)
  entries.forEach(([tag, permissions, id], index) => {
    bytes.writeUInt16LE(tag, 4 + 8 * index)
    bytes.writeUInt16LE(permissions, 6 + 8 * index)
    bytes.writeUInt32LE(id, 8 + 8 * index)
  })
  return bytes
}
