import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import { systemCodeOf } from '../../../domain/system-error.ts'

/**
 * Opens the database of a state folder whose lock this process holds, and makes it where there is none. What is left of
 * a process that was killed on the way is put right:
 *
 * - `postmaster.pid`, the database's own mark of its process: it refuses to start on one that was made and not written
 *   yet. Our lock says that nobody is there.
 * - A database of which only a part was written when it was made; the file `making` is beside it for so long. Nobody has
 *   kept anything in it.
 */
export async function openEmbedded(folder: string, options: Pick<PGliteOptions, 'parsers'>): Promise<PGlite> {
  const dataDir = join(folder, 'postgres')
  const making = join(folder, 'making')
  if (await exists(making)) await rm(dataDir, { recursive: true, force: true })
  await rm(join(dataDir, 'postmaster.pid'), { force: true })
  if (!(await exists(dataDir))) await writeFile(making, '', { mode: 0o600 })
  const database = await PGlite.create({ ...options, dataDir })
  await rm(making, { force: true })
  return database
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false
    throw error
  }
}
