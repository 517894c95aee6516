import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { LetheError } from '../../../domain/error.ts'
import { fromSystemError, systemCodeOf } from '../../../domain/system-error.ts'
import type { KeyRing } from '../../../ports/key-ring.ts'
import { createFile, syncFolder } from '../../create-file.ts'
import { keyBytes, makeDataKey, seal, unseal } from '../sealing.ts'
import { ensureMasterKey, readMasterKey } from './master-key.ts'

export interface FileKeyRingOptions {
  /** Where the keys are, a file each. */
  readonly folder: string
  readonly masterKeyFile: string
}

const ringName = 'ring'
const keyEnding = '.key'

/**
 * Data keys as files of a folder, each wrapped by the master key. Master key and ring are made with the first data key.
 *
 * An id is `<ring>.<uuid>`. The ring's own id is in a file of the folder: a folder that is another ring's, or was lost
 * and begun anew, can so never say of a key that it is destroyed only because it is not there.
 *
 * To destroy a key is to overwrite its file, sync, unlink it, and sync the folder, in this order. A crash leaves the key, a
 * file of random bytes, or nothing; the next call goes on from each. Where a file system keeps old blocks (snapshots,
 * copy on write, flash), the wrapped key may stay there: keep this folder, and the master key, out of backups.
 */
export function makeFileKeyRing({ folder, masterKeyFile }: FileKeyRingOptions): KeyRing {
  let master: Promise<Uint8Array> | undefined
  const masterKey = () => {
    master ??= readMasterKey(masterKeyFile)
    // Told again next time: it may have been put right by then.
    master.catch(() => (master = undefined))
    return master
  }

  return {
    create: () =>
      attempt(async () => {
        const ring = await ensureRing({ folder, masterKeyFile })
        const id = `${ring}.${randomUUID()}`
        const secret = randomBytes(keyBytes)
        const wrapped = seal(await masterKey(), secret, id)
        if (!(await createFile(pathOf(folder, id), wrapped))) throw new LetheError('internal', 'a new key id is taken')
        return { id, key: makeDataKey(secret) }
      }),

    open: (id) =>
      attempt(async () => {
        await requireRing(folder, id)
        const wrapped = await readIfThere(pathOf(folder, id))
        if (wrapped === undefined) throw unavailable('a data key is not there; it was destroyed, or its file is lost')
        return makeDataKey(unseal(await masterKey(), wrapped, id))
      }),

    destroy: (id) =>
      attempt(async () => {
        await requireRing(folder, id)
        await destroyFile(pathOf(folder, id))
        await syncFolder(folder)
      }),
  }
}

/** The ring's id; makes ring and master key where there is nothing yet. */
async function ensureRing({ folder, masterKeyFile }: FileKeyRingOptions): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const known = await readIfThere(join(folder, ringName))
  if (known === undefined) {
    if ((await readdir(folder)).some((name) => name.endsWith(keyEnding))) {
      throw unavailable('the folder of the key ring has lost its file `ring`')
    }
    // Before the ring: a ring without a master key is one that has lost it.
    await ensureMasterKey(masterKeyFile)
    await createFile(join(folder, ringName), randomBytes(8).toString('hex'))
  }
  return await readRing(folder)
}

async function readRing(folder: string): Promise<string> {
  const ring = (await readIfThere(join(folder, ringName)))?.toString('latin1')
  if (ring !== undefined && /^[0-9a-f]{16}$/.test(ring)) return ring
  throw unavailable('the folder of the key ring is not there, or is none')
}

async function requireRing(folder: string, id: string): Promise<void> {
  const ring = /^([0-9a-f]{16})\.[0-9a-f-]{36}$/.exec(id)?.[1]
  if (ring !== undefined && ring === (await readRing(folder))) return
  throw unavailable('a data key is of another key ring; check `keys.folder` of the configuration')
}

async function destroyFile(path: string): Promise<void> {
  try {
    await using handle = await open(path, 'r+')
    const { size } = await handle.stat()
    await handle.write(randomBytes(size), 0, size, 0)
    await handle.sync()
    await unlink(path)
  } catch (error) {
    // Destroyed before.
    if (systemCodeOf(error) !== 'ENOENT') throw error
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function pathOf(folder: string, id: string): string {
  return join(folder, `${id}${keyEnding}`)
}

function unavailable(message: string): LetheError {
  return new LetheError('key-unavailable', message)
}

async function attempt<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    const systemCode = systemCodeOf(error)
    throw systemCode === undefined ? error : fromSystemError(error, systemCode)
  }
}
