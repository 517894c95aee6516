import type { Dirent } from 'node:fs'
import { resolve } from 'node:path'
import type { CallOptions, ListedObject, SkippedName, UnlistedFolder } from '../../../ports/object-store.ts'
import { advance, type Glob, parseGlobs } from '../glob.ts'
import { asFileError, isMissing, requireUninterrupted } from './file-error.ts'
import { decodeName, encodeName, joinName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'

type Listed = ListedObject | SkippedName | UnlistedFolder

/**
 * What a target names: a name that exists is taken literally, all others as globs. In order of key, each once.
 *
 * Links are followed; what is in a folder by its own name is walked first, so that a file which has links too is
 * reported by its own path. A folder is entered once, so that links in a circle come to an end.
 */
export async function* listFiles(fs: FileSystem, target: string, options: CallOptions = {}): AsyncGenerator<Listed> {
  const listing = new Listing(fs, options)
  if (isName(target) && !(await listing.addNamed(target))) {
    for (const glob of parseGlobs(target)) await listing.addGlob(glob)
  }
  for (const listed of listing.inOrder()) {
    requireUninterrupted(options.signal)
    const sized = await listing.withSize(listed)
    if (sized !== undefined) yield sized
  }
}

/** The system knows no name that is empty or has a NUL in it. */
function isName(target: string): boolean {
  return target !== '' && !target.includes('\0')
}

/** A folder to look into: its real path, how it was named, and where in the glob's steps one is there. */
interface Visit {
  readonly folder: string
  readonly uri: string
  readonly places: ReadonlySet<number>
}

/** What a walk has met and not yet dealt with; what links lead to comes last. */
interface Ahead {
  readonly folders: Visit[]
  readonly linkedFolders: Visit[]
  readonly linkedObjects: ListedObject[]
}

type Steps = Pick<Glob, 'steps' | 'isOfFolders'>

const wholeFolder: Steps = { steps: [], isOfFolders: false }

class Listing {
  readonly #fs: FileSystem
  readonly #signal: AbortSignal | undefined
  readonly #found = new Map<string, Listed>()

  constructor(fs: FileSystem, { signal }: CallOptions) {
    this.#fs = fs
    this.#signal = signal
  }

  inOrder(): Listed[] {
    return [...this.#found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** The size is asked for only now, so that a listing is not stale before it begins. A file that went is left out. */
  async withSize(listed: Listed): Promise<Listed | undefined> {
    if (listed.kind !== 'object') return listed
    try {
      const { size } = await this.#fs.lstat(encodeName(listed.key))
      return { ...listed, size, ...(listed.uri === listed.key ? {} : { linkPath: listed.uri }) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw asFileError(error)
    }
  }

  /** A file, or a folder with all that is in it, that is called exactly so. False where there is none. */
  async addNamed(path: string): Promise<boolean> {
    try {
      const stats = await this.#fs.stat(encodeName(path))
      const key = await this.#realPath(path)
      const uri = uriOf(path, key)
      if (stats.isDirectory()) await this.#walk(wholeFolder, { folder: key, uri, places: new Set([0]) })
      else this.#add({ kind: 'object', key, uri, size: 0 })
      return true
    } catch (error) {
      if (isMissing(error)) return false
      const uri = resolve(path)
      this.#add({ kind: 'unlisted', key: uri, uri, error: asFileError(error) })
      return true
    }
  }

  async addGlob({ base, ...glob }: Glob): Promise<void> {
    if (glob.steps.length === 0) {
      await this.addNamed(base)
      return
    }
    try {
      const folder = await this.#realPath(base)
      await this.#walk(glob, { folder, uri: uriOf(base, folder), places: new Set([0]) })
    } catch (error) {
      if (!isMissing(error)) throw asFileError(error)
    }
  }

  async #walk(glob: Steps, start: Visit): Promise<void> {
    const entered = new Set<string>()
    const ahead: Ahead = { folders: [start], linkedFolders: [], linkedObjects: [] }
    for (let visit = nextOf(ahead); visit !== undefined; visit = nextOf(ahead)) {
      requireUninterrupted(this.#signal)
      const id = `${[...visit.places].join()}/${visit.folder}`
      if (entered.has(id)) continue
      entered.add(id)
      for (const entry of await this.#entriesOf(visit)) await this.#meet(entry, { glob, visit, ahead })
    }
    for (const object of ahead.linkedObjects) this.#add(object)
  }

  async #meet(
    entry: Dirent<Buffer>,
    { glob, visit, ahead }: { readonly glob: Steps; readonly visit: Visit; readonly ahead: Ahead },
  ): Promise<void> {
    const name = decodeName(entry.name)
    const { places, shownPlaces } = advance(glob.steps, visit.places, name)
    if (shownPlaces.size === 0) return
    const path = joinName(visit.folder, name)
    const uri = joinName(visit.uri, name)
    const target = entry.isSymbolicLink() ? await this.#follow(path) : { key: path, isFolder: entry.isDirectory() }
    const isMeant = (at: ReadonlySet<number>) =>
      target.isFolder ? at.size > 0 : at.has(glob.steps.length) && !glob.isOfFolders
    if (!isMeant(places)) {
      if (isMeant(shownPlaces)) this.#add({ kind: 'skipped', key: path })
    } else if (target.isFolder) {
      const folders = entry.isSymbolicLink() ? ahead.linkedFolders : ahead.folders
      folders.push({ folder: target.key, uri, places })
    } else {
      const object = { kind: 'object', key: target.key, uri, size: 0 } as const
      if (entry.isSymbolicLink()) ahead.linkedObjects.push(object)
      else this.#add(object)
    }
  }

  async #entriesOf({ folder, uri }: Visit): Promise<Dirent<Buffer>[]> {
    try {
      const entries = await this.#fs.readdir(encodeName(folder), { withFileTypes: true, encoding: 'buffer' })
      // Sorted, so that of several links to one file it is always the same that gives it its name.
      return entries.sort((a, b) => Buffer.compare(a.name, b.name))
    } catch (error) {
      // Gone since its own folder was read: then it holds nothing.
      if (!isMissing(error)) this.#add({ kind: 'unlisted', key: folder, uri, error: asFileError(error) })
      return []
    }
  }

  /** Where a link leads. One that leads nowhere is an object by its own path: it cannot be read, and that is said. */
  async #follow(link: string): Promise<{ readonly key: string; readonly isFolder: boolean }> {
    try {
      const key = await this.#realPath(link)
      return { key, isFolder: (await this.#fs.stat(encodeName(key))).isDirectory() }
    } catch {
      return { key: link, isFolder: false }
    }
  }

  async #realPath(path: string): Promise<string> {
    return decodeName(await this.#fs.realpath(encodeName(path), { encoding: 'buffer' }))
  }

  #add(listed: Listed): void {
    const known = this.#found.get(listed.key)
    if (known === undefined || (known.kind === 'skipped' && listed.kind === 'object')) {
      this.#found.set(listed.key, listed)
    }
  }
}

function nextOf({ folders, linkedFolders }: Ahead): Visit | undefined {
  return folders.pop() ?? linkedFolders.shift()
}

/** The absolute path as it was named; where that climbs with `..`, which links can mislead, the real one. */
function uriOf(path: string, key: string): string {
  return path.split('/').includes('..') ? key : resolve(path)
}
