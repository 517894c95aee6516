import type { BigIntStats } from 'node:fs'
import { LetheError } from '../../../domain/error.ts'
import type { ObjectVersion, WriteCondition } from '../../../ports/object-store.ts'
import { isMissing } from './file-error.ts'
import { encodeName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'

/** Which file it is and when it last changed: replacing, writing, renaming, linking, chmod all show in it. */
export function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): ObjectVersion {
  return { token: [dev, ino, size, mtimeNs, ctimeNs].join('-') }
}

export function isVersion(stats: BigIntStats, version: ObjectVersion): boolean {
  return versionOf(stats).token === version.token
}

export function changed(): LetheError {
  return new LetheError('object-changed', 'changed since it was opened', { retryable: true })
}

/**
 * Only regular files hold rows. A key is a real path, so a link there leads nowhere, or came since the listing.
 *
 * @throws LetheError
 */
export function requireRegularFile(stats: BigIntStats): void {
  if (stats.isSymbolicLink()) throw new LetheError('object-missing', 'a symbolic link that leads to no file')
  if (!stats.isFile()) throw new LetheError('unsupported', 'no regular file; leave it out of the target')
}

/** @throws LetheError `object-changed` */
export async function requireCondition(fs: FileSystem, key: string, condition: WriteCondition): Promise<void> {
  const stats = await statIfThere(fs, key)
  const holds =
    'unchanged' in condition ? stats !== undefined && isVersion(stats, condition.unchanged) : stats === undefined
  if (!holds) throw changed()
}

async function statIfThere(fs: FileSystem, key: string): Promise<BigIntStats | undefined> {
  try {
    return await fs.lstat(encodeName(key), { bigint: true })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
