import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTemporaryFolder, type TemporaryFolder } from '../../../../test/temporary-folder.ts'
import type { KeyRing } from '../../../ports/key-ring.ts'
import { makeFileKeyRing } from './file-key-ring.ts'

let folder: TemporaryFolder
let places: { folder: string; masterKeyFile: string }
let ring: KeyRing

beforeEach(async () => {
  folder = await makeTemporaryFolder()
  places = { folder: `${folder.root}keys`, masterKeyFile: `${folder.root}secret/master.key` }
  ring = makeFileKeyRing(places)
})
afterEach(() => folder[Symbol.asyncDispose]())

const pathOf = (id: string) => join(places.folder, `${id}.key`)

describe('a key of the ring', () => {
  test('opens what it sealed, in another process of the ring too', async () => {
    const { id, key } = await ring.create()
    const sealed = key.seal('Ada "Lovelace" \u00e9', 'batch 1')
    const other = await makeFileKeyRing(places).open(id)
    expect(other.unseal(sealed, 'batch 1')).toBe('Ada "Lovelace" \u00e9')
    expect(other.digest('42')).toEqual(key.digest('42'))
  })

  test('seals the same text differently each time, and digests it the same', async () => {
    const { key } = await ring.create()
    expect(key.seal('42', '')).not.toEqual(key.seal('42', ''))
    expect(key.digest('42')).toEqual(key.digest('42'))
    expect(key.digest('42')).not.toEqual(key.digest('43'))
    expect(key.digest('42')).toHaveLength(16)
  })

  test('digests like no other key', async () => {
    const [one, two] = [await ring.create(), await ring.create()]
    expect(one.key.digest('42')).not.toEqual(two.key.digest('42'))
  })

  test('does not open what was changed, cut, moved, or sealed by another key', async () => {
    const [one, two] = [await ring.create(), await ring.create()]
    const sealed = one.key.seal('42', 'here')
    const bad = { code: 'key-unavailable' }
    expect(() => one.key.unseal(sealed, 'there')).toThrow(expect.objectContaining(bad))
    expect(() => two.key.unseal(sealed, 'here')).toThrow(expect.objectContaining(bad))
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed)
      changed[at]! ^= 1
      expect(() => one.key.unseal(changed, 'here')).toThrow(expect.objectContaining(bad))
      expect(() => one.key.unseal(sealed.subarray(0, at), 'here')).toThrow(expect.objectContaining(bad))
    }
  })
})

describe('the files of a ring', () => {
  test('are for their owner alone, and hold no key in clear', async () => {
    const { id } = await ring.create()
    for (const path of [places.masterKeyFile, pathOf(id), join(places.folder, 'ring')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
    expect((await stat(places.folder)).mode & 0o777).toBe(0o700)
    expect((await readdir(places.folder)).sort()).toEqual([`${id}.key`, 'ring'].sort())
    const master = Buffer.from(await readFile(places.masterKeyFile, 'latin1'), 'base64')
    expect(master).toHaveLength(32)
    expect((await readFile(pathOf(id))).includes(master)).toBe(false)
  })

  test('are made once by many that begin at the same time', async () => {
    const rings = Array.from({ length: 6 }, () => makeFileKeyRing(places))
    const made = await Promise.all(rings.map((each) => each.create()))
    const later = makeFileKeyRing(places)
    for (const { id, key } of made) expect((await later.open(id)).unseal(key.seal('x', ''), '')).toBe('x')
    expect(new Set(made.map(({ id }) => id.split('.')[0])).size).toBe(1)
  })

  test('give no key where others may read the master key, or it is another', async () => {
    const { id } = await ring.create()
    await chmod(places.masterKeyFile, 0o640)
    await expect(makeFileKeyRing(places).open(id)).rejects.toThrow(/chmod 600/)
    await chmod(places.masterKeyFile, 0o600)
    await writeFile(places.masterKeyFile, `${Buffer.alloc(32, 1).toString('base64')}\n`)
    await expect(makeFileKeyRing(places).open(id)).rejects.toMatchObject({ code: 'key-unavailable' })
    await writeFile(places.masterKeyFile, 'short\n')
    await expect(makeFileKeyRing(places).open(id)).rejects.toThrow(/32 bytes/)
  })

  test('are not begun anew where master key or ring was lost', async () => {
    const { id } = await ring.create()
    await rm(places.masterKeyFile)
    await expect(makeFileKeyRing(places).create()).rejects.toMatchObject({ code: 'key-unavailable' })
    await rm(join(places.folder, 'ring'))
    await expect(makeFileKeyRing(places).create()).rejects.toMatchObject({ code: 'key-unavailable' })
    await expect(ring.open(id)).rejects.toMatchObject({ code: 'key-unavailable' })
  })
})

describe('a destroyed key', () => {
  test('is gone, however often it is destroyed, and no other with it', async () => {
    const [gone, kept] = [await ring.create(), await ring.create()]
    await ring.destroy(gone.id)
    await ring.destroy(gone.id)
    await expect(ring.open(gone.id)).rejects.toMatchObject({ code: 'key-unavailable' })
    await ring.open(kept.id)
    expect((await readdir(places.folder)).sort()).toEqual([`${kept.id}.key`, 'ring'].sort())
  })

  test('is overwritten before its file is unlinked', async () => {
    const { id } = await ring.create()
    const wrapped = await readFile(pathOf(id))
    // A second name of the same blocks shows what is left of them.
    const { link } = await import('node:fs/promises')
    await link(pathOf(id), `${folder.root}blocks`)
    await ring.destroy(id)
    const left = await readFile(`${folder.root}blocks`)
    expect(left).toHaveLength(wrapped.length)
    expect(left.equals(wrapped)).toBe(false)
    expect(left.subarray(0, 16).equals(wrapped.subarray(0, 16))).toBe(false)
  })

  test('can be destroyed again after a crash that left random bytes', async () => {
    const { id } = await ring.create()
    await writeFile(pathOf(id), Buffer.alloc(61, 7))
    await expect(ring.open(id)).rejects.toMatchObject({ code: 'key-unavailable' })
    await ring.destroy(id)
    expect(await readdir(places.folder)).toEqual(['ring'])
  })

  test('is never said of a key of another ring, or of a ring that is not there', async () => {
    const { id } = await ring.create()
    const elsewhere = makeFileKeyRing({ ...places, folder: `${folder.root}other` })
    await expect(elsewhere.destroy(id)).rejects.toMatchObject({ code: 'key-unavailable' })
    await elsewhere.create()
    await expect(elsewhere.destroy(id)).rejects.toMatchObject({ code: 'key-unavailable' })
    await expect(ring.destroy('../../etc/passwd')).rejects.toMatchObject({ code: 'key-unavailable' })
    await ring.open(id)
  })
})
