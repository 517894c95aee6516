import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import type { CallOptions, ListedObject, SkippedName, UnlistedFolder } from '../../../ports/object-store.ts'
import { advance, type Glob, parseGlobs } from '../glob.ts'
import { abortable } from './abortable.ts'
import { headIfThere } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error } from './s3-error.ts'
import { parseS3Target, type S3Name, s3Uri, storeKey } from './s3-name.ts'
import { type ListedVersion, listVersions, mayHaveVersions, versionsOf } from './versions.ts'

type Listed = ListedObject | SkippedName | UnlistedFolder

/** An object, or a version of one, as a page of a listing tells it. */
interface Entry {
  readonly key: string
  readonly sizeBytes: number
  readonly versionId?: string
}

/** Where a listing takes its entries from. */
interface Entries {
  /** Those of exactly one key. */
  at(name: S3Name): AsyncIterable<Entry>
  /** Those of all keys that begin with a prefix, in order. */
  below(prefix: S3Name): AsyncIterable<Entry>
}

/**
 * What a target names: an object or a folder (a prefix up to `/`) that is called exactly so, else what a glob matches.
 * In order of key, each once, page by page. An object of no bytes whose key ends with `/` is a console's folder.
 */
export function listS3Objects(clients: S3Clients, target: string, options: CallOptions = {}): AsyncGenerator<Listed> {
  return listTarget(currentObjects(clients, options), target, options)
}

/** The versions that are not current of what a target names, also where only a delete marker is current. */
export async function* listS3OldVersions(
  clients: S3Clients,
  target: string,
  options: CallOptions = {},
): AsyncGenerator<ListedObject | UnlistedFolder> {
  if (!(await mayHaveVersions(clients, parseS3Target(target).bucket, options))) return
  for await (const listed of listTarget(oldVersions(clients, options), target, options)) {
    if (listed.kind !== 'skipped') yield listed
  }
}

function currentObjects(clients: S3Clients, options: CallOptions): Entries {
  return {
    async *at(name) {
      const head = await headIfThere(clients, name, options)
      if (head !== undefined) yield { key: name.key, sizeBytes: head.ContentLength ?? 0 }
    },
    async *below(name) {
      for await (const page of pagesOf(clients, { name, delimiter: '' }, options)) {
        for (const { Key, Size } of page.Contents ?? []) yield { key: Key!, sizeBytes: Size ?? 0 }
      }
    },
  }
}

function oldVersions(clients: S3Clients, options: CallOptions): Entries {
  const isOld = ({ isCurrent, isMarker }: ListedVersion): boolean => !isCurrent && !isMarker
  return {
    async *at(name) {
      for await (const version of versionsOf(clients, name, options)) if (isOld(version)) yield version
    },
    async *below(name) {
      for await (const version of listVersions(clients, name, options)) if (isOld(version)) yield version
    },
  }
}

async function* listTarget(entries: Entries, target: string, options: CallOptions): AsyncGenerator<Listed> {
  const name = parseS3Target(target)
  const named = listNamed(entries, name, options)
  const first = await named.next()
  if (first.done !== true) {
    yield first.value
    yield* named
    return
  }
  const globs = parseGlobs(name.key)
  if (globs.length === 1) {
    yield* listGlob(entries, name.bucket, globs[0]!, options)
    return
  }
  // One target with several readings: few objects each, mostly, and they may overlap.
  const found = new Map<string, Listed>()
  for (const glob of globs) {
    for await (const listed of listGlob(entries, name.bucket, glob, options)) {
      const id = `${listed.key}\0${'versionId' in listed ? listed.versionId : ''}`
      if (found.get(id)?.kind !== 'object') found.set(id, listed)
    }
  }
  yield* [...found.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

const wholeFolder: Pick<Glob, 'steps' | 'isOfFolders'> = { steps: [], isOfFolders: false }

async function* listNamed(entries: Entries, name: S3Name, options: CallOptions): AsyncGenerator<Listed> {
  const isFolder = name.key === '' || name.key.endsWith('/')
  let isThere = false
  if (!isFolder) {
    for await (const entry of orUnlisted(entries.at(name), name, options)) {
      isThere = true
      yield 'error' in entry ? entry : listedObject(name.bucket, entry)
    }
  }
  if (!isThere) {
    yield* listFolder(entries, { ...name, key: isFolder ? name.key : `${name.key}/` }, wholeFolder, options)
  }
}

async function* listGlob(entries: Entries, bucket: string, glob: Glob, options: CallOptions): AsyncGenerator<Listed> {
  const base = glob.base === '.' ? '' : glob.base
  if (glob.steps.length === 0) yield* listNamed(entries, { bucket, key: base }, options)
  else yield* listFolder(entries, { bucket, key: base === '' ? '' : `${base}/` }, glob, options)
}

async function* listFolder(
  entries: Entries,
  folder: S3Name,
  glob: Pick<Glob, 'steps' | 'isOfFolders'>,
  options: CallOptions,
): AsyncGenerator<Listed> {
  let lastSkipped = ''
  for await (const entry of orUnlisted(entries.below(folder), folder, options)) {
    if ('error' in entry) {
      yield entry
      return
    }
    const path = entry.key.slice(folder.key.length)
    if (entry.sizeBytes === 0 && (path === '' || path.endsWith('/'))) continue
    // An object that is called as the folder itself is in it, and none that a glob in the folder matches.
    const place = path === '' ? placeOfFolderItself(glob) : placeOf(glob, path)
    if (place.kind === 'object') yield listedObject(folder.bucket, entry)
    if (place.kind !== 'skipped') continue
    const key = storeKey({ ...folder, key: folder.key + place.path })
    // What is in a folder that is passed over follows in one run.
    if (key !== lastSkipped) yield { kind: 'skipped', key }
    lastSkipped = key
  }
}

function listedObject(bucket: string, { key, sizeBytes, versionId }: Entry): ListedObject {
  const name = { bucket, key }
  const version = versionId === undefined ? {} : { versionId }
  return { kind: 'object', key: storeKey(name), uri: s3Uri(name), size: sizeBytes, ...version }
}

/** What may not be listed is told as unlisted; all other errors end the listing. */
async function* orUnlisted(
  entries: AsyncIterable<Entry>,
  place: S3Name,
  { signal }: CallOptions,
): AsyncGenerator<Entry | UnlistedFolder> {
  try {
    yield* entries
  } catch (error) {
    const known = asS3Error(error, signal)
    // No such bucket: it names nothing.
    if (known.code === 'object-missing') return
    if (known.code !== 'permission-denied') throw known
    yield { kind: 'unlisted', key: storeKey(place), uri: s3Uri(place), error: known }
  }
}

type Place =
  | {
      readonly kind: 'object' | 'skipped' /** Below the folder listed: the object, or the name passed over. */
      readonly path: string
    }
  | { readonly kind: 'none' }

function placeOfFolderItself({ steps }: Pick<Glob, 'steps'>): Place {
  return steps.length === 0 ? { kind: 'object', path: '' } : { kind: 'none' }
}

/** Follows a key from the folder where the listing begins, name by name, as one would walk folders. */
function placeOf({ steps, isOfFolders }: Pick<Glob, 'steps' | 'isOfFolders'>, path: string): Place {
  const names = path.split('/')
  let places: ReadonlySet<number> = new Set([0])
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1
    const next = advance(steps, places, name)
    const isTaken = (all: ReadonlySet<number>) => (isLast ? all.has(steps.length) && !isOfFolders : all.size > 0)
    // A folder that ends the glob takes all below it.
    if (!isTaken(next.places)) {
      return isTaken(next.shownPlaces)
        ? { kind: 'skipped', path: names.slice(0, index + 1).join('/') }
        : { kind: 'none' }
    }
    places = next.places
  }
  return { kind: 'object', path }
}

/** The names directly in a folder that begin with a prefix, in order; folders with `/`. */
export async function* listS3Children(
  clients: S3Clients,
  folder: S3Name,
  { prefix, ...options }: CallOptions & { readonly prefix: string },
): AsyncGenerator<string> {
  if (folder.bucket === '') return
  try {
    const name = { ...folder, key: folder.key + prefix }
    for await (const page of pagesOf(clients, { name, delimiter: '/' }, options)) {
      const names = [
        ...(page.Contents ?? []).map(({ Key }) => Key!),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
      ]
      for (const key of names.sort()) if (key.length > folder.key.length) yield key.slice(folder.key.length)
    }
  } catch (error) {
    throw asS3Error(error, options.signal)
  }
}

async function* pagesOf(
  { reads, common }: S3Clients,
  { name, delimiter }: { readonly name: S3Name; readonly delimiter: string },
  { signal }: CallOptions,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let from: { ContinuationToken?: string } = {}
  for (;;) {
    const command = new ListObjectsV2Command({
      Bucket: name.bucket,
      Prefix: name.key,
      ...(delimiter === '' ? {} : { Delimiter: delimiter }),
      ...from,
      ...common,
    })
    const page = await reads.send(command, abortable(signal))
    yield page
    if (page.NextContinuationToken === undefined) return
    from = { ContinuationToken: page.NextContinuationToken }
  }
}
