import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { LetheError } from '../../../domain/error.ts'
import { systemCodeOf } from '../../../domain/system-error.ts'
import type { CommitOptions, ObjectVersion, WriteCondition, WriteRequest } from '../../../ports/object-store.ts'
import { thisProcess } from '../../process-identity.ts'
import { editedChunks } from '../edited-chunks.ts'
import { closeFile } from './close-file.ts'
import { copyAttributes } from './copy-attributes.ts'
import { isMissing, requireUninterrupted } from './file-error.ts'
import { joinName, splitPath } from './file-name.ts'
import type { FileSystem } from './file-system.ts'
import { changed, requireCondition, versionOf } from './file-version.ts'
import { leftoverName } from './leftover.ts'

export interface ReplaceOptions extends CommitOptions {
  /** How much is written at once. */
  readonly chunkBytes: number
}

const toCreate = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/**
 * Puts the edited file in the place of the old one, whole or not at all:
 *
 * 1. A temporary file is made beside it, gets its attributes, then the edited content, and is synced.
 * 2. The condition is looked at, the checksum sidecar of the old content removed, the condition looked at again.
 * 3. The temporary file is renamed over the old one, and the folder is synced.
 *
 * A crash before the rename leaves the old file and the temporary one, which a sweep removes; in 2 perhaps without the
 * sidecar, which readers can do without, whereas an old sidecar beside a new file makes them fail. A crash after it
 * leaves the new file, whose content the sync made durable before its name. POSIX has no rename that compares: who
 * replaces the file between the last look and the rename, a few microseconds, loses their change.
 */
export async function replaceFile(
  fs: FileSystem,
  key: string,
  { source, edit, condition }: WriteRequest,
  options: ReplaceOptions,
): Promise<ObjectVersion> {
  await requireCondition(fs, key, condition)
  const path = joinName(splitPath(key).folder, leftoverName(await thisProcess()))
  const handle = await fs.open(path, toCreate, 'absent' in condition ? 0o666 : 0o600)
  try {
    if ('unchanged' in condition) {
      await copyAttributes(fs, { from: key, version: condition.unchanged, to: { path, handle } })
    }
    await writeContent(handle, { source, edit }, options)
    await handle.sync()
    requireUninterrupted(options.signal)
    await options.beforeCommit?.()
    await publish(fs, path, { key, condition })
    await syncFolder(fs, key)
    // Of the open file, not of the name: another writer may have the name by now.
    return versionOf(await handle.stat({ bigint: true }))
  } catch (error) {
    // The name is ours alone, and after the rename nothing has it. What cannot be removed now is swept later.
    await fs.unlink(path).catch(() => undefined)
    throw error
  } finally {
    await closeFile(handle)
  }
}

/** Removes a file and the checksum sidecar of its content; the sidecar first, for the same reason. */
export async function removeFile(
  fs: FileSystem,
  key: string,
  condition: WriteCondition,
  { beforeCommit }: Pick<CommitOptions, 'beforeCommit'> = {},
): Promise<void> {
  await beforeCommit?.()
  await removeChecksum(fs, key, condition)
  await fs.unlink(key)
  await syncFolder(fs, key)
}

/** Writes the edited file, each chunk while the next one is read. */
export async function writeContent(
  handle: Pick<FileHandle, 'write'>,
  { source, edit }: Pick<WriteRequest, 'source' | 'edit'>,
  options: Pick<ReplaceOptions, 'signal' | 'chunkBytes'>,
): Promise<void> {
  let position = 0
  let underWay = Promise.resolve()
  try {
    for await (const chunk of editedChunks(source, edit, options)) {
      requireUninterrupted(options.signal)
      await underWay
      underWay = writeAll(handle, chunk, position)
      // Awaited in its turn; until then its failure must not count as unhandled.
      underWay.catch(() => undefined)
      position += chunk.length
    }
  } finally {
    // Not to be closed under a write, whatever else went wrong.
    await underWay
  }
}

async function writeAll(handle: Pick<FileHandle, 'write'>, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

async function publish(
  fs: FileSystem,
  path: string,
  { key, condition }: { readonly key: string; readonly condition: WriteCondition },
): Promise<void> {
  if ('unchanged' in condition) {
    await removeChecksum(fs, key, condition)
    await fs.rename(path, key)
    return
  }
  try {
    // A link never replaces what is there. A crash before the unlink leaves a second name of the new file, to be swept.
    await fs.link(path, key)
  } catch (error) {
    throw systemCodeOf(error) === 'EEXIST' ? changed() : error
  }
  await fs.unlink(path)
}

/** Removes Hadoop's `.<name>.crc` under the condition, which holds afterwards too. */
async function removeChecksum(fs: FileSystem, key: string, condition: WriteCondition): Promise<void> {
  await requireCondition(fs, key, condition)
  const { folder, name } = splitPath(key)
  const sidecar = joinName(folder, `.${name}.crc`)
  try {
    if (!(await fs.lstat(sidecar)).isFile()) return
    await fs.unlink(sidecar)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  await requireCondition(fs, key, condition)
}

/** Makes a change of names durable. Some file systems cannot sync a folder and have no need to. */
async function syncFolder(fs: FileSystem, key: string): Promise<void> {
  const handle = await fs.open(splitPath(key).folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error
  } finally {
    await closeFile(handle)
  }
}

/**
 * A name that is no UTF-8 can be read, but not rewritten: the extended attributes of such a file cannot be reached.
 *
 * @throws LetheError `unsupported`
 */
export function requireUtf8Name(key: string): void {
  if (!key.isWellFormed()) throw new LetheError('unsupported', 'its path is no UTF-8; rename it to have it rewritten')
}
