import { LetheError } from '../domain/error.ts'
import { nameStillTells } from '../domain/name-tells.ts'
import type { ObjectVerdict } from '../domain/object-match.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { Warning } from '../domain/warning.ts'
import type { ListedObject, StoreCapabilities } from '../ports/object-store.ts'
import { pathsOf } from './object-paths.ts'
import type { Sidecar } from './sidecar.ts'

/** An object of which its name, tags or sidecar have told whose it is. It was not read. */
export interface Named {
  readonly kind: 'named'
  readonly object: ListedObject
  /** It is a person's who is looked for, and goes as a whole. */
  readonly isWhole: boolean
  /** Of the matches that say so. */
  readonly positions: readonly number[]
  /** Those of the columns which the matches name that are told. */
  readonly columns: ReadonlySet<string>
  readonly warnings: readonly Warning[]
  /** Goes with the object, after it. */
  readonly sidecar?: Sidecar
  /** The key of the object that this one is the sidecar of. */
  readonly owner?: string
  /**
   * Looks again, and yields what goes with it now; tags and sidecars change while the object stays the same.
   *
   * @throws LetheError `object-changed` where it is not the person's any more
   */
  confirm(): Promise<Confirmed>
}

export interface Confirmed {
  /** No tag and no sidecar has said anything: what bears this name is the person's, whenever it was written. */
  readonly isByNameAlone: boolean
  readonly sidecar: Sidecar | undefined
}

/**
 * Whose an object is by all of its names.
 *
 * @throws LetheError `ambiguous-column` where these do not agree.
 */
export function agreedVerdict<Name>(names: readonly Name[], verdictOf: (name: Name) => ObjectVerdict): ObjectVerdict {
  const [first = { kind: 'unnamed' }, ...others] = names.map(verdictOf).filter(({ kind }) => kind !== 'unnamed')
  if (others.some(({ kind }) => (kind === 'whole') !== (first.kind === 'whole'))) {
    throw new LetheError('ambiguous-column', 'by its own name and by that of a link it is not of the same person')
  }
  return first
}

/** @throws LetheError `hard-linked` where a link of another name leads to the object: others may lead to it as well. */
export function requireOneName(object: ListedObject): void {
  if (new Set(pathsOf(object).map(ownName)).size === 1) return
  throw new LetheError('hard-linked', 'a link of another name leads to it; give its own name as a target')
}

/** What a name that stays still tells. A whole object takes its own name with it; the folders above it stay. */
export function warningsOfFolders(
  object: ListedObject,
  {
    positions,
    predicate,
    capabilities,
  }: {
    readonly positions: readonly number[]
    readonly predicate: Predicate
    readonly capabilities: Pick<StoreCapabilities, 'folders'>
  },
): Warning[] {
  if (!capabilities.folders) return []
  const folders = pathsOf(object).map((path) => path.slice(0, path.lastIndexOf('/')))
  const hits = new Map(positions.map((position) => [position, 1]))
  return nameStillTells(folders, { predicate, hits }) === undefined ? [] : [{ code: 'name-still-tells', count: 1 }]
}

function ownName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
