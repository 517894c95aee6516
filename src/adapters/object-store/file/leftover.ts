import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { hasEnded, type ProcessIdentity, parseIdentity, printIdentity, thisProcess } from '../../process-identity.ts'
import { isMissing } from './file-error.ts'
import { decodeName, encodeName, joinName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'

/**
 * A writer's temporary file is called `.lethe-<id>.tmp`; the id says whose it is, so that there is no moment in which
 * the file exists and its owner is unknown.
 */
const pattern = /^\.lethe-(.+)-[0-9a-f]{16}\.tmp$/

/** A file of another host or container whose writer cannot be asked for is left alone for so long. */
const strangerMs = 24 * 60 * 60 * 1000

export function leftoverName(owner: ProcessIdentity): string {
  return `.lethe-${printIdentity(owner)}-${randomBytes(8).toString('hex')}.tmp`
}

/** Removes what dead writers left directly in a folder; yields how many files. */
export async function sweepFolder(fs: FileSystem, folder: string): Promise<number> {
  const self = await thisProcess()
  let removed = 0
  for (const name of await namesIn(fs, folder)) {
    const owner = ownerOf(name)
    if (owner === undefined) continue
    const path = encodeName(joinName(folder, name))
    try {
      const stats = await fs.lstat(path)
      if (!stats.isFile() || !(await isDead(owner, self, stats))) continue
      await fs.unlink(path)
      removed += 1
    } catch (error) {
      // Another run removed it, or its writer ended well: gone is what it should be.
      if (!isMissing(error)) throw error
    }
  }
  return removed
}

async function namesIn(fs: FileSystem, folder: string): Promise<string[]> {
  try {
    return (await fs.readdir(encodeName(folder), { encoding: 'buffer' })).map(decodeName)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function ownerOf(name: string): ProcessIdentity | undefined {
  const [, identity] = pattern.exec(name) ?? []
  return identity === undefined ? undefined : parseIdentity(identity)
}

/**
 * In doubt a writer is alive. One that is taken for dead by mistake loses its temporary file, so that its rename fails
 * and the object stays as it was.
 */
async function isDead(owner: ProcessIdentity, self: ProcessIdentity, { mtimeMs }: Stats): Promise<boolean> {
  return (await hasEnded(owner, self)) ?? Date.now() - mtimeMs > strangerMs
}
