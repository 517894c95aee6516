import { LetheError } from '../domain/error.ts'
import { nameStillTells } from '../domain/name-tells.ts'
import type { NameVerdict, ObjectMatch } from '../domain/object-match.ts'
import type { PartitionColumn } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { Warning } from '../domain/warning.ts'
import type { ListedObject, StoreCapabilities } from '../ports/object-store.ts'
import { pathsOf } from './object-paths.ts'

/** An object of which the name alone has told whose it is. It was not read. */
export interface Named {
  readonly kind: 'named'
  readonly object: ListedObject
  /** It is a person's who is looked for, and goes as a whole. */
  readonly isWhole: boolean
  /** Those of the columns which the matches name that the name gives. */
  readonly columns: ReadonlySet<string>
  readonly warnings: readonly Warning[]
}

/**
 * Whose an object is by its names: as people name it, and the store's own, which differ where links lead to it.
 *
 * @throws LetheError `ambiguous-column` where these do not agree; `hard-linked` where only a link says it, for others may
 *   lead to the same file.
 */
export function judgeName(
  object: ListedObject,
  { objectMatch, partitions }: { readonly objectMatch: ObjectMatch; readonly partitions: readonly PartitionColumn[] },
): NameVerdict {
  const verdicts = [...new Set([object.uri, object.key])]
    .map((name) => objectMatch(name, partitions))
    .filter((verdict) => verdict.kind !== 'unnamed')
  const [first = { kind: 'unnamed' } as const, second] = verdicts
  if (second !== undefined && (first.kind === 'whole') !== (second.kind === 'whole')) {
    throw new LetheError('ambiguous-column', 'by its own name and by that of a link it is not of the same person')
  }
  if (first.kind === 'whole' && new Set(pathsOf(object).map(ownName)).size > 1) {
    throw new LetheError('hard-linked', 'a link of another name leads to it; give its own name as a target')
  }
  return first
}

/** What there is to say of an object whose name has told enough. */
export function namedFinding(
  object: ListedObject,
  {
    verdict,
    predicate,
    capabilities,
  }: {
    readonly verdict: Extract<NameVerdict, { kind: 'whole' | 'other' }>
    readonly predicate: Predicate
    readonly capabilities: Pick<StoreCapabilities, 'folders'>
  },
): Named {
  const { kind, columns } = verdict
  if (kind === 'other') return { kind: 'named', object, isWhole: false, columns, warnings: [] }
  const isTold = capabilities.folders && foldersTell(object, { predicate, positions: verdict.positions })
  const warnings: Warning[] = isTold ? [{ code: 'name-still-tells', count: 1 }] : []
  return { kind: 'named', object, isWhole: true, columns, warnings }
}

/** A whole object takes its own name with it; the folders above it stay. */
function foldersTell(
  object: ListedObject,
  { predicate, positions }: { readonly predicate: Predicate; readonly positions: readonly number[] },
): boolean {
  const folders = pathsOf(object).map((path) => path.slice(0, path.lastIndexOf('/')))
  const hits = new Map(positions.map((position) => [position, 1]))
  return nameStillTells(folders, { predicate, hits }) !== undefined
}

function ownName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
