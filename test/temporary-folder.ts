import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder of its own for a test, removed when it is disposed of. Names may have folders, which are made. */
export interface TemporaryFolder extends AsyncDisposable {
  /** Its real path, ending with `/`. */
  readonly root: string
  put(name: string, bytes: Uint8Array | string): Promise<void>
  get(name: string): Promise<Uint8Array | undefined>
  delete(name: string): Promise<void>
  /** All files below it, with their folders, sorted. */
  names(): Promise<string[]>
}

export async function makeTemporaryFolder(): Promise<TemporaryFolder> {
  const root = `${await realpath(await mkdtemp(join(tmpdir(), 'lethe-test-')))}/`
  return {
    root,
    async put(name, bytes) {
      await mkdir(dirname(root + name), { recursive: true })
      await writeFile(root + name, bytes)
    },
    async get(name) {
      return await readFile(root + name).catch(() => undefined)
    },
    async delete(name) {
      await rm(root + name)
    },
    async names() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => !entry.isDirectory())
      return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length)).sort()
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true })
    },
  }
}
