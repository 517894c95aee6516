import * as promises from 'node:fs/promises'
import { LetheError } from '../../../domain/error.ts'
import type { ObjectStore } from '../../../ports/object-store.ts'
import { requireOwnable } from './copy-attributes.ts'
import { asFileError, requireUninterrupted } from './file-error.ts'
import { encodeName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'
import { requireRegularFile } from './file-version.ts'
import { sweepFolder } from './leftover.ts'
import { listChildren } from './list-children.ts'
import { listFiles } from './list-files.ts'
import { openFile } from './open-file.ts'
import { removeFile, replaceFile, requireUtf8Name } from './replace-file.ts'

export interface FileStoreOptions {
  /** What carries out the calls; `node:fs/promises` by default. */
  readonly fileSystem?: FileSystem
  /** How much of a file is written at once. Default: 1 MiB. */
  readonly chunkBytes?: number
}

/**
 * Local files as an object store. A key is the file's real path, so that every link to it means the same object, and a
 * link survives: what is replaced is the file that it leads to, in that file's own folder.
 *
 * There is no conditional write: between the last look at the file and its replacement another writer has a few
 * microseconds. A writer that keeps the file open and appends goes on writing to the old one, which has no name any more.
 */
export function makeFileStore({
  fileSystem: fs = promises,
  chunkBytes = 1024 * 1024,
}: FileStoreOptions = {}): ObjectStore {
  return {
    capabilities: { conditionalWrite: false, versions: false, folders: true },

    list: (target, options) => listFiles(fs, target, options),

    // Files have no versions: what is replaced is gone.
    async *listOldVersions() {},

    async *oldVersions() {},

    // What POSIX has, whatever the folder: there is nothing to try.
    probe: () =>
      Promise.resolve([
        { name: 'conditional-put', state: 'no', detail: 'POSIX knows no conditional rename' },
        { name: 'versions', state: 'no' },
      ]),

    deleteVersion: () => Promise.reject(new LetheError('internal', 'a file has no versions')),

    children: (folder, options) => listChildren(fs, folder, options),

    open: (key, { signal } = {}) =>
      attempt(() => {
        requireUninterrupted(signal)
        return openFile(fs, key)
      }),

    async preflight(key) {
      await attempt(() => requireReplaceable(fs, key))
      return []
    },

    write: (key, request, options) =>
      attempt(async () => {
        requireUtf8Name(key)
        return await replaceFile(fs, key, request, { chunkBytes, ...options })
      }),

    remove: (key, condition, options) =>
      attempt(async () => {
        requireUtf8Name(key)
        await removeFile(fs, key, condition, options)
      }),

    sweep: (folder) => attempt(() => sweepFolder(fs, folder)),
  }
}

async function requireReplaceable(fs: FileSystem, key: string): Promise<void> {
  const stats = await fs.lstat(encodeName(key), { bigint: true })
  requireRegularFile(stats)
  if (stats.nlink > 1n) throw new LetheError('hard-linked', 'has other names (hard links), which would keep the rows')
  requireUtf8Name(key)
  requireOwnable(stats)
}

async function attempt<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw asFileError(error)
  }
}
