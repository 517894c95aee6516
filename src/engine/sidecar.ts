import { LetheError } from '../domain/error.ts'
import type { Reading } from '../domain/object-reading.ts'
import type { SidecarPattern } from '../domain/sidecar-pattern.ts'
import { readJsonColumns } from '../formats/json-columns.ts'
import type { CallOptions, ListedObject, ObjectStore, ObjectVersion, OpenObject } from '../ports/object-store.ts'

/** A file of metadata beside an object, at the version that was read. */
export interface Sidecar {
  readonly key: string
  readonly uri: string
  readonly version: ObjectVersion
}

/** What the sidecar of an object says of it, in one way or several; `sidecar` is the one that goes with the object. */
export interface SidecarReadings {
  readonly readings: readonly Reading[]
  readonly sidecar?: Sidecar
}

type Store = Pick<ObjectStore, 'open' | 'oldVersions'>

interface ReadOptions extends CallOptions {
  readonly pattern: SidecarPattern
  readonly columns: Iterable<string>
}

/** More than any sidecar needs. */
const maxSidecarBytes = 1024 * 1024

/**
 * Reads what is said beside an object. Of an old version every version of the sidecar may be the one that was meant.
 *
 * @throws LetheError of outcome `refused` where a sidecar is there and cannot be understood
 */
export async function readSidecarOf(
  store: Store,
  object: ListedObject,
  { pattern, columns, ...options }: ReadOptions,
): Promise<SidecarReadings> {
  const key = pattern.sidecarOf(object.key)
  const current = await readSidecar(store, key, { columns, ...options })
  await requireNoneBesideLink(store, object, { pattern, version: current?.version, ...options })
  if (object.versionId === undefined) {
    if (current === undefined) return { readings: [] }
    const sidecar = { key, uri: pattern.sidecarOf(object.uri), version: current.version }
    return { readings: [current.reading], sidecar }
  }
  const readings = current === undefined ? [] : [current.reading]
  for await (const { versionId, isMarker } of store.oldVersions(key, options)) {
    const old = isMarker ? undefined : await readSidecar(store, key, { columns, versionId, ...options })
    if (old !== undefined) readings.push(old.reading)
  }
  const distinct = new Map(readings.map((reading) => [JSON.stringify([...reading]), reading]))
  return { readings: [...distinct.values()] }
}

/** Reads a sidecar; undefined where it is not there. */
export async function readSidecar(
  store: Pick<ObjectStore, 'open'>,
  key: string,
  { columns, ...options }: CallOptions & { readonly columns: Iterable<string>; readonly versionId?: string },
): Promise<{ readonly reading: Reading; readonly version: ObjectVersion } | undefined> {
  await using opened = await openIfThere(store, key, options)
  if (opened === undefined) return undefined
  if (opened.size > maxSidecarBytes) throw new LetheError('limit-exceeded', 'its sidecar is larger than 1 MiB')
  const bytes = Buffer.from(await opened.read(0, opened.size, options))
  return { reading: readJsonColumns(bytes, { columns }), version: opened.version }
}

/** A link beside which a file says whose it is says nothing of the file that it leads to, which others may share. */
async function requireNoneBesideLink(
  store: Pick<ObjectStore, 'open'>,
  { linkPath }: ListedObject,
  {
    pattern,
    version,
    ...options
  }: CallOptions & { readonly pattern: SidecarPattern; readonly version: ObjectVersion | undefined },
): Promise<void> {
  if (linkPath === undefined) return
  await using beside = await openIfThere(store, pattern.sidecarOf(linkPath), options)
  // In a folder that is a link it is the same file.
  if (beside === undefined || beside.version.token === version?.token) return
  throw new LetheError('hard-linked', 'only beside a link that leads to it a sidecar says whose it is')
}

async function openIfThere(
  store: Pick<ObjectStore, 'open'>,
  key: string,
  options: CallOptions & { readonly versionId?: string },
): Promise<OpenObject | undefined> {
  try {
    return await store.open(key, options)
  } catch (error) {
    if (error instanceof LetheError && error.code === 'object-missing') return undefined
    throw error
  }
}

export async function isThere(
  store: Pick<ObjectStore, 'open'>,
  key: string,
  options: CallOptions = {},
): Promise<boolean> {
  await using opened = await openIfThere(store, key, options)
  return opened !== undefined
}

/** Whether there is anything of an object: a current version, or an old one. */
export async function hasTrace(store: Store, key: string, options: CallOptions): Promise<boolean> {
  if (await isThere(store, key, options)) return true
  for await (const { isMarker } of store.oldVersions(key, options)) if (!isMarker) return true
  return false
}
