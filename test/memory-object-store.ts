import { advance, type Glob, parseGlobs } from '../src/adapters/object-store/glob.ts'
import { LetheError } from '../src/domain/error.ts'
import { editedView } from '../src/formats/edit.ts'
import type {
  CallOptions,
  ListedObject,
  ObjectStore,
  ObjectVersion,
  SkippedName,
  WriteCondition,
} from '../src/ports/object-store.ts'
import type { StoreUnderTest } from './contract/object-store.ts'

interface Stored {
  readonly bytes: Uint8Array
  readonly version: ObjectVersion
}

/** An object store in memory, for tests of what uses one: it passes the contract suite. Its keys begin with `lake/`. */
export interface MemoryObjectStore extends StoreUnderTest {
  /** What was asked of it, as `write lake/a`, in order. */
  readonly calls: readonly string[]
  text(name: string): string | undefined
}

export function makeMemoryObjectStore(objects: Readonly<Record<string, string>> = {}): MemoryObjectStore {
  const root = 'lake/'
  const stored = new Map<string, Stored>()
  const calls: string[] = []
  let versions = 0
  const save = (key: string, bytes: Uint8Array): ObjectVersion => {
    versions += 1
    const version = { token: `v${versions}` }
    stored.set(key, { bytes: Uint8Array.from(bytes), version })
    return version
  }
  for (const [name, content] of Object.entries(objects)) save(root + name, Buffer.from(content))

  const get = (key: string): Stored => {
    const object = stored.get(key)
    if (object === undefined) throw new LetheError('object-missing', 'there is no such object')
    return object
  }
  const requireCondition = (key: string, condition: WriteCondition): void => {
    const token = 'unchanged' in condition ? condition.unchanged.token : undefined
    if (stored.get(key)?.version.token !== token) throw changed()
  }

  const store: ObjectStore = {
    capabilities: { conditionalWrite: true, versions: false, folders: false },

    async *list(target, { signal } = {}) {
      calls.push(`list ${target}`)
      for (const listed of listKeys([...stored.keys()].sort(), target)) {
        requireUninterrupted(signal)
        const object = stored.get(listed.key)
        if (listed.kind === 'skipped') yield listed
        else if (object !== undefined) yield { ...listed, size: object.bytes.length }
      }
    },

    async *listOldVersions() {},

    async *oldVersions() {},

    deleteVersion: () => Promise.reject(new LetheError('internal', 'this store keeps no versions')),

    async *children(folder, { prefix }) {
      calls.push(`children ${folder}${prefix}`)
      const below = [...stored.keys()].filter((key) => key.startsWith(folder + prefix))
      const names = below.map((key) => /^[^/]*\/?/.exec(key.slice(folder.length))![0])
      yield* [...new Set(names)].sort()
    },

    async open(key, { signal } = {}) {
      calls.push(`open ${key}`)
      requireUninterrupted(signal)
      const { bytes, version } = get(key)
      return {
        size: bytes.length,
        version,
        async read(start, end, options: CallOptions = {}) {
          requireUninterrupted(options.signal)
          if (stored.get(key)?.version.token !== version.token) throw changed()
          return bytes.slice(start, end)
        },
        async [Symbol.asyncDispose]() {},
      }
    },

    async preflight(key) {
      calls.push(`preflight ${key}`)
      get(key)
      return []
    },

    async write(key, { source, edit, condition }, { signal, beforeCommit } = {}) {
      calls.push(`write ${key}`)
      requireCondition(key, condition)
      const view = editedView(source, edit)
      const bytes = new Uint8Array(view.size)
      for (let at = 0; at < view.size; at += 65_536) {
        requireUninterrupted(signal)
        bytes.set(await view.read(at, Math.min(view.size, at + 65_536)), at)
      }
      requireUninterrupted(signal)
      await beforeCommit?.()
      requireCondition(key, condition)
      return save(key, bytes)
    },

    async remove(key, condition, { beforeCommit } = {}) {
      calls.push(`remove ${key}`)
      await beforeCommit?.()
      requireCondition(key, condition)
      stored.delete(key)
    },

    probe: () => Promise.resolve([]),

    async sweep(folder) {
      calls.push(`sweep ${folder}`)
      return 0
    },
  }

  return {
    store,
    root,
    calls,
    put: async (name, bytes) => void save(root + name, bytes),
    delete: async (name) => void stored.delete(root + name),
    get: async (name) => stored.get(root + name)?.bytes,
    names: async () => [...stored.keys()].map((key) => key.slice(root.length)),
    text: (name) => (stored.has(root + name) ? Buffer.from(get(root + name).bytes).toString() : undefined),
    async [Symbol.asyncDispose]() {},
  }
}

function changed(): LetheError {
  return new LetheError('object-changed', 'changed since it was opened', { retryable: true })
}

function requireUninterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new LetheError('interrupted', 'the run was interrupted')
}

/** What of the keys, which are sorted, a target names: literally, or else as globs. */
function listKeys(keys: readonly string[], target: string): (ListedObject | SkippedName)[] {
  const named = listNamed(keys, target)
  return named.length > 0 ? named : inOrder(parseGlobs(target).flatMap((glob) => listGlob(keys, glob)))
}

function listNamed(keys: readonly string[], target: string): (ListedObject | SkippedName)[] {
  if (keys.includes(target)) return [objectAt(target)]
  return listGlob(keys, { base: target.replace(/\/$/, ''), steps: [], isOfFolders: false })
}

function listGlob(keys: readonly string[], { base, steps, isOfFolders }: Glob): (ListedObject | SkippedName)[] {
  if (steps.length === 0 && keys.includes(base)) return [objectAt(base)]
  const folder = base.endsWith('/') ? base : `${base}/`
  return inOrder(
    keys.flatMap((key): (ListedObject | SkippedName)[] => {
      if (!key.startsWith(folder)) return []
      let places: ReadonlySet<number> = new Set([0])
      const names = key.slice(folder.length).split('/')
      for (const [index, name] of names.entries()) {
        const next = advance(steps, places, name)
        const isLast = index === names.length - 1
        const isMeant = (at: ReadonlySet<number>) => (isLast ? at.has(steps.length) && !isOfFolders : at.size > 0)
        if (isMeant(next.places)) places = next.places
        else if (!isMeant(next.shownPlaces)) return []
        else return [{ kind: 'skipped', key: folder + names.slice(0, index + 1).join('/') }]
      }
      return [objectAt(key)]
    }),
  )
}

function objectAt(key: string): ListedObject {
  return { kind: 'object', key, uri: key, size: 0 }
}

/** Each once; what one reading of a glob skips and another names is named. */
function inOrder(listed: readonly (ListedObject | SkippedName)[]): (ListedObject | SkippedName)[] {
  const byKey = new Map<string, ListedObject | SkippedName>()
  for (const item of listed) if (byKey.get(item.key)?.kind !== 'object') byKey.set(item.key, item)
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}
