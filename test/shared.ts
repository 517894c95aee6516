import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The folder of test material that is not part of this repository: LETHE_SHARED, or `../shared` beside it. Absolute. */
const sharedFolder = resolve(dirname(import.meta.dirname), process.env['LETHE_SHARED'] ?? '../shared')

/** The absolute path of a file or folder of the shared material. */
export function sharedPath(...parts: string[]): string {
  return join(sharedFolder, ...parts)
}

/** Whether it is there; for `describe.skipIf(!hasShared('corpora'))('... (needs the shared material)', ...)`. */
export function hasShared(...parts: string[]): boolean {
  return existsSync(sharedPath(...parts))
}

/** The names of the files below a folder of the shared material, sorted; none where it is not there. */
export function sharedFiles(...parts: string[]): string[] {
  if (!hasShared(...parts)) return []
  return readdirSync(sharedPath(...parts), { recursive: true, encoding: 'utf8' }).sort()
}
