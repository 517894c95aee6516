import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions, ListedObject, SkippedName, UnlistedFolder } from '../../../ports/object-store.ts'
import { advance, type Glob, parseGlobs } from '../glob.ts'
import { abortable } from './object-properties.ts'
import { headObject } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error } from './s3-error.ts'
import { parseS3Target, type S3Name, s3Uri, storeKey } from './s3-name.ts'

type Listed = ListedObject | SkippedName | UnlistedFolder

/**
 * What a target names: an object or a folder (a prefix up to `/`) that is called exactly so, else what a glob matches.
 * In order of key, each once, page by page. An object of no bytes whose key ends with `/` is a console's folder.
 */
export async function* listS3Objects(
  clients: S3Clients,
  target: string,
  options: CallOptions = {},
): AsyncGenerator<Listed> {
  const name = parseS3Target(target)
  const named = listNamed(clients, name, options)
  const first = await named.next()
  if (first.done !== true) {
    yield first.value
    yield* named
    return
  }
  const globs = parseGlobs(name.key)
  if (globs.length === 1) {
    yield* listGlob(clients, name.bucket, globs[0]!, options)
    return
  }
  // One target with several readings: few objects each, mostly, and they may overlap.
  const found = new Map<string, Listed>()
  for (const glob of globs) {
    for await (const listed of listGlob(clients, name.bucket, glob, options)) {
      if (found.get(listed.key)?.kind !== 'object') found.set(listed.key, listed)
    }
  }
  yield* [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

const wholeFolder: Pick<Glob, 'steps' | 'isOfFolders'> = { steps: [], isOfFolders: false }

async function* listNamed(clients: S3Clients, name: S3Name, options: CallOptions): AsyncGenerator<Listed> {
  const isFolder = name.key === '' || name.key.endsWith('/')
  const object = isFolder ? undefined : await listedObject(clients, name, options)
  if (object !== undefined) yield object
  else yield* listFolder(clients, { ...name, key: isFolder ? name.key : `${name.key}/` }, wholeFolder, options)
}

async function* listGlob(clients: S3Clients, bucket: string, glob: Glob, options: CallOptions): AsyncGenerator<Listed> {
  const base = glob.base === '.' ? '' : glob.base
  if (glob.steps.length === 0) yield* listNamed(clients, { bucket, key: base }, options)
  else yield* listFolder(clients, { bucket, key: base === '' ? '' : `${base}/` }, glob, options)
}

async function listedObject(clients: S3Clients, name: S3Name, options: CallOptions): Promise<Listed | undefined> {
  try {
    const { ContentLength } = await headObject(clients, name, options)
    return { kind: 'object', key: storeKey(name), uri: s3Uri(name), size: ContentLength ?? 0 }
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    if (error.code === 'object-missing') return undefined
    if (error.code !== 'permission-denied') throw error
    return { kind: 'unlisted', key: storeKey(name), uri: s3Uri(name), error }
  }
}

async function* listFolder(
  clients: S3Clients,
  folder: S3Name,
  glob: Pick<Glob, 'steps' | 'isOfFolders'>,
  options: CallOptions,
): AsyncGenerator<Listed> {
  let lastSkipped = ''
  try {
    for await (const page of pagesOf(clients, { name: folder, delimiter: '' }, options)) {
      for (const { Key, Size } of page.Contents ?? []) {
        const path = Key!.slice(folder.key.length)
        const place = placeOf(glob, path)
        if (place.kind === 'none' || (path.endsWith('/') && Size === 0) || path === '') continue
        const key = storeKey({ ...folder, key: folder.key + place.path })
        if (place.kind === 'object') {
          yield { kind: 'object', key, uri: s3Uri({ ...folder, key: Key! }), size: Size ?? 0 }
        } else if (key !== lastSkipped) {
          // What is in a folder that is passed over follows in one run.
          lastSkipped = key
          yield { kind: 'skipped', key }
        }
      }
    }
  } catch (error) {
    const known = asS3Error(error, options.signal)
    if (known.code !== 'permission-denied') throw known
    yield { kind: 'unlisted', key: storeKey(folder), uri: s3Uri(folder), error: known }
  }
}

type Place =
  | {
      readonly kind: 'object' | 'skipped' /** Below the folder listed: the object, or the name passed over. */
      readonly path: string
    }
  | { readonly kind: 'none' }

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
