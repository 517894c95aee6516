import { LetheError } from '../domain/error.ts'
import type { NameVerdict, ObjectMatch } from '../domain/object-match.ts'
import type { PartitionColumn } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { Warning } from '../domain/warning.ts'
import type { DetectableFormat, Search } from '../formats/format.ts'
import type { ListedObject, ObjectStore, PreflightOptions } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { judgeName, type Named, namedFinding } from './named-object.ts'
import { partitionsOf } from './object-paths.ts'
import { type Searched, searchVersion } from './search-version.ts'

/** What a find learnt of one object, or why it could not be searched. */
export type Finding = Searched | Named | Unsearched

export interface Unsearched {
  readonly kind: 'unsearched'
  readonly object: Pick<ListedObject, 'key' | 'uri' | 'versionId'>
  readonly error: LetheError
}

export interface FindObjectRequest {
  readonly predicate: Predicate
  readonly malformed: Search['malformed']
  /** Tells of some objects by their names whose they are: those go as a whole, or are not read. */
  readonly objectMatch?: ObjectMatch
  readonly guard: (object: ListedObject) => Promise<void>
  readonly signal?: AbortSignal
  readonly onProgress?: (bytes: number) => void
}

/** Searches one object; never rejects. What cannot be read with certainty is a finding of its own. */
export async function findObject(
  store: Pick<ObjectStore, 'open' | 'preflight' | 'capabilities'>,
  formats: readonly DetectableFormat[],
  { object, guard, objectMatch, ...request }: FindObjectRequest & { readonly object: ListedObject },
): Promise<Finding> {
  const { key, versionId } = object
  const options = {
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(versionId === undefined ? {} : { versionId }),
  }
  try {
    const partitions = partitionsOf(object, request.predicate)
    // Before anything can refuse the object, so that the run knows of every name whether it fits.
    const verdict = objectMatch === undefined ? unnamed : judgeName(object, { objectMatch, partitions })
    await guard(object)
    if (verdict.kind === 'whole') await requireUnlessForeign(store, key, { before: 'rewrite', ...options })
    if (verdict.kind === 'whole' || verdict.kind === 'other') {
      const { predicate } = request
      return namedFinding(object, { verdict, predicate, capabilities: store.capabilities })
    }
    await requireUnlessForeign(store, key, { before: 'search', ...options })
    const search: Search = { ...request, partitions: withNameColumns(verdict, partitions) }
    await using opened = await store.open(key, options)
    const searched = await searchVersion(opened, { object, formats, search })
    if (searched.found.rows.size === 0) return searched
    const warnings = await requireUnlessForeign(store, key, { before: 'rewrite', ...options })
    return { ...searched, found: { ...searched.found, warnings: [...searched.found.warnings, ...warnings] } }
  } catch (error) {
    return { kind: 'unsearched', object, error: asLetheError(error, request.signal) }
  }
}

const unnamed: NameVerdict = { kind: 'unnamed' }

/** What the name gives goes before a folder of the same name. */
function withNameColumns(verdict: NameVerdict, partitions: readonly PartitionColumn[]): readonly PartitionColumn[] {
  if (verdict.kind !== 'rows') return partitions
  const given = new Set(verdict.nameColumns.map(({ name }) => name))
  return [...verdict.nameColumns, ...partitions.filter(({ name }) => !given.has(name))]
}

/** A file of another owner may be searched, and an erase that cannot keep the owner says so when it comes to that. */
async function requireUnlessForeign(
  store: Pick<ObjectStore, 'preflight'>,
  key: string,
  options: PreflightOptions,
): Promise<readonly Warning[]> {
  try {
    return await store.preflight(key, options)
  } catch (error) {
    if (!(error instanceof LetheError && error.code === 'not-owner')) throw error
    return []
  }
}
