import type { FileHandle } from 'node:fs/promises'
import { LetheError } from '../../../domain/error.ts'
import { systemCodeOf } from '../../../domain/system-error.ts'
import type { ObjectVersion } from '../../../ports/object-store.ts'
import { copyExtendedAttributes } from './extended-attributes.ts'
import type { FileSystem } from './file-system.ts'
import { changed, isVersion } from './file-version.ts'

export interface NewFile {
  readonly path: string
  readonly handle: FileHandle
}

/**
 * Gives a new file the owner, mode, extended attributes and access list of the file that it will replace.
 * To be done before there is content: the new file must at no time be open to more people than the old one.
 *
 * @throws LetheError `object-changed` when the file is not of that version, `not-owner`, `unsupported`.
 */
export async function copyAttributes(
  fs: FileSystem,
  { from, version, to }: { readonly from: string; readonly version: ObjectVersion; readonly to: NewFile },
): Promise<void> {
  const stats = await fs.lstat(from, { bigint: true })
  if (!isVersion(stats, version)) throw changed()
  await copyOwner(stats, to.handle)
  await copyExtendedAttributes(from, to.path)
  // After the owner, whose change takes setuid and setgid away; after the access list, which holds a mode too.
  await to.handle.chmod(Number(stats.mode & 0o7777n))
}

async function copyOwner({ uid, gid }: { uid: bigint; gid: bigint }, handle: FileHandle): Promise<void> {
  const made = await handle.stat({ bigint: true })
  if (made.uid === uid && made.gid === gid) return
  try {
    await handle.chown(Number(uid), Number(gid))
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'EPERM' || code === 'EINVAL') throw notOwner(error)
    throw error
  }
}

/** Whether this user can make a file of that owner and group; the system has the last word. */
export function requireOwnable({ uid, gid }: { uid: bigint; gid: bigint }): void {
  const user = process.geteuid?.()
  if (user === undefined || user === 0) return
  const groups = [process.getegid!(), ...process.getgroups!()]
  if (Number(uid) !== user || !groups.includes(Number(gid))) throw notOwner()
}

function notOwner(cause?: unknown): LetheError {
  return new LetheError('not-owner', 'its owner and group could not be kept; run as its owner', { cause })
}
