import { LetheError } from '../domain/error.ts'
import type { CallOptions, ListedObject, ObjectStore } from '../ports/object-store.ts'
import { pathsOf } from './object-paths.ts'

interface Marker {
  readonly folder: string
  readonly prefix: string
  readonly isMarker: (name: string) => boolean
  readonly what: string
}

const parquetSummary = 'a folder with Parquet summary files, which hold statistics and offsets of its other files'

/** What in a folder says that other files keep account of the objects below it. */
const markers: readonly Marker[] = [
  { folder: '', prefix: '_delta_log', isMarker: (name) => name === '_delta_log/', what: 'a Delta Lake table' },
  { folder: '', prefix: '.hoodie', isMarker: (name) => name === '.hoodie/', what: 'a Hudi table' },
  {
    folder: 'metadata/',
    prefix: '',
    isMarker: (name) => name.endsWith('.metadata.json'),
    what: 'an Iceberg table',
  },
  { folder: '', prefix: '_metadata', isMarker: (name) => name === '_metadata', what: parquetSummary },
  { folder: '', prefix: '_common_metadata', isMarker: (name) => name === '_common_metadata', what: parquetSummary },
]

/** So many names come in one answer of a store over a network. */
const maxNames = 1000

/**
 * Refuses objects that a table format keeps account of: rewriting them behind the table's back breaks the table.
 * Looks upwards through all folders above an object, and above the link that led to it; each folder is asked once for
 * a run.
 */
export function makeTableGuard(
  store: Pick<ObjectStore, 'children' | 'capabilities'>,
  options: CallOptions = {},
): (object: Pick<ListedObject, 'key' | 'linkPath'>) => Promise<void> {
  const known = new Map<string, Promise<string | undefined>>()

  const managerOf = (folder: string): Promise<string | undefined> => {
    let answer = known.get(folder)
    if (answer === undefined) known.set(folder, (answer = findManager(store, folder, options)))
    return answer
  }

  return async (object) => {
    for (const folder of new Set(pathsOf(object).flatMap(foldersAbove))) {
      const manager = await managerOf(folder)
      if (manager !== undefined) {
        throw new LetheError('table-managed', `lies in ${manager}; rewriting it behind the table's back would break it`)
      }
    }
  }
}

async function findManager(
  store: Pick<ObjectStore, 'children' | 'capabilities'>,
  folder: string,
  options: CallOptions,
): Promise<string | undefined> {
  const names = store.capabilities.folders ? undefined : await fewNames(store, folder, options)
  for (const { folder: below, prefix, isMarker, what } of markers) {
    if (names !== undefined && below === '') {
      if (names.some(isMarker)) return what
      continue
    }
    if (names !== undefined && !names.includes(below)) continue
    for await (const name of store.children(folder + below, { ...options, prefix })) {
      if (isMarker(name)) return what
    }
  }
  return undefined
}

/**
 * All names in a folder, where they are not too many: where folders are only how keys are spelt, one request tells them
 * all, or costs little in vain; a folder of the local disk is asked for the names that matter alone, since it may be
 * closed to all other questions.
 */
async function fewNames(
  store: Pick<ObjectStore, 'children'>,
  folder: string,
  options: CallOptions,
): Promise<readonly string[] | undefined> {
  const names: string[] = []
  for await (const name of store.children(folder, { ...options, prefix: '' })) {
    names.push(name)
    // There may be more, and to ask for them costs a request.
    if (names.length === maxNames) return undefined
  }
  return names
}

/** Every folder above a path, innermost first, each ending with `/`. */
function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let at = path.lastIndexOf('/'); at >= 0; at = at === 0 ? -1 : path.lastIndexOf('/', at - 1)) {
    folders.push(path.slice(0, at + 1))
  }
  return folders
}
