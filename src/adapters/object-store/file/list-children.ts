import type { CallOptions } from '../../../ports/object-store.ts'
import { asFileError, isMissing, requireUninterrupted } from './file-error.ts'
import { decodeName, encodeName, joinName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'

/**
 * The names in a folder that begin with a prefix, in order; those of folders, and of links to folders, end with `/`.
 *
 * A folder that may be entered but not listed (`/home` on many machines) can be asked for one name: the prefix itself.
 */
export async function* listChildren(
  fs: FileSystem,
  folder: string,
  { prefix, signal }: CallOptions & { readonly prefix: string },
): AsyncGenerator<string> {
  const names = (await namesIn(fs, folder, prefix)).filter((name) => name.startsWith(prefix)).sort()
  for (const name of names) {
    requireUninterrupted(signal)
    const kind = await kindOf(fs, joinName(folder, name))
    if (kind !== undefined) yield kind === 'folder' ? `${name}/` : name
  }
}

async function namesIn(fs: FileSystem, folder: string, prefix: string): Promise<string[]> {
  try {
    return (await fs.readdir(encodeName(folder), { encoding: 'buffer' })).map(decodeName)
  } catch (error) {
    const known = asFileError(error)
    if (known.code === 'object-missing') return []
    if (known.code === 'permission-denied' && prefix !== '') return [prefix]
    throw known
  }
}

/** Undefined for a name that is not there. A link that leads nowhere is there. */
async function kindOf(fs: FileSystem, path: string): Promise<'folder' | 'other' | undefined> {
  for (const look of [fs.stat, fs.lstat]) {
    try {
      return (await look(encodeName(path))).isDirectory() ? 'folder' : 'other'
    } catch (error) {
      if (!isMissing(error)) throw asFileError(error)
    }
  }
  return undefined
}
