import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from '../domain/system-error.ts'

/**
 * Makes a file that only its owner reads, whole and durable or not at all; false, and nothing is changed, where there
 * is one of that name. Of several processes that try at once, one makes it. A crash may leave a draft beside it, named
 * `<path>.<uuid>`.
 */
export async function createFile(path: string, content: Uint8Array | string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeDurably(draft, content)
    // A link never replaces what is there.
    await link(draft, path)
    await syncFolder(dirname(path))
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a change of names durable. Some file systems cannot sync a folder and have no need to. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error
  } finally {
    await handle.close()
  }
}
