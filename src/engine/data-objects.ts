import { LetheError } from '../domain/error.ts'
import type { SidecarPattern } from '../domain/sidecar-pattern.ts'
import type { CallOptions, ListedObject, ObjectStore, UnlistedFolder } from '../ports/object-store.ts'
import { hasTrace } from './sidecar.ts'

/** A sidecar of which the object lies outside of what was asked for. */
export interface AloofSidecar {
  readonly kind: 'aloof'
  readonly object: ListedObject
  readonly error: LetheError
}

/**
 * The objects of a listing without the sidecars of those that are there: these are no data of their own. Last come those
 * sidecars that have to be looked at by themselves: of an object that is gone, which a crash between the two leaves; and
 * old versions of a sidecar, each of which may tell of somebody else.
 *
 * @param listed is given the key of every current sidecar that is among the objects.
 */
export async function* withoutSidecars(
  objects: AsyncIterable<ListedObject | UnlistedFolder>,
  {
    pattern,
    store,
    listed,
    ...options
  }: CallOptions & {
    readonly pattern: SidecarPattern
    readonly store: Pick<ObjectStore, 'open' | 'oldVersions'>
    readonly listed: Set<string>
  },
): AsyncGenerator<ListedObject | UnlistedFolder | AloofSidecar> {
  const current = new Set<string>()
  const any = new Set<string>()
  const sidecars: ListedObject[] = []
  for await (const object of objects) {
    if (object.kind === 'unlisted') {
      yield object
      continue
    }
    const isCurrent = object.versionId === undefined
    for (const path of [object.key, object.linkPath ?? object.key]) {
      any.add(path)
      if (isCurrent) current.add(path)
    }
    if (pattern.ownerOf(object.key) === undefined) {
      yield object
      continue
    }
    sidecars.push(object)
    if (isCurrent) listed.add(object.key)
  }
  for (const object of sidecars) {
    const owner = pattern.ownerOf(object.key)!
    if (object.versionId === undefined && current.has(owner)) continue
    const isAloof = !any.has(owner) && (await hasTrace(store, owner, options))
    yield isAloof ? { kind: 'aloof', object, error: aloof() } : object
  }
}

function aloof(): LetheError {
  return new LetheError('unsupported', 'is the sidecar of an object that no target names; name the folder of both')
}
