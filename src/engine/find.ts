import { LetheError } from '../domain/error.ts'
import { blownFuses, type FuseWarning } from '../domain/fuse.ts'
import type { ObjectMatch } from '../domain/object-match.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { DetectableFormat, Search } from '../formats/format.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { type Finding, findObject } from './find-object.ts'
import { mapConcurrently } from './map-concurrently.ts'
import type { Searched } from './search-version.ts'
import { selectObjects } from './select-objects.ts'
import { makeTableGuard } from './table-guard.ts'

export interface FindRequest {
  readonly targets: readonly string[]
  readonly predicate: Predicate
  readonly malformed: Search['malformed']
  /** Tells of some objects by their names whose they are: those go as a whole, or are not read. */
  readonly objectMatch?: ObjectMatch
  /** How many objects are searched at once. Default: 4. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly onEvent?: (event: FindEvent) => void
}

export type FindEvent =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'found'; readonly finding: Finding }

export interface FindResult {
  /** In the order of the targets, and of the listing within a target. After an interrupt: those that were finished. */
  readonly findings: readonly Finding[]
  /** Names passed over because they begin with `.` or `_`. */
  readonly skipped: number
  readonly fuses: readonly FuseWarning[]
  readonly interrupted: boolean
}

/**
 * Finds the rows that match, in every object that the targets name. Changes no object.
 *
 * Objects that cannot be searched are findings, not errors; the run goes on. An interrupt ends it early.
 *
 * @throws LetheError `no-data` when a target names no object at all; `column-not-found` when rows were read and no
 *   object has a column that a match names: a misspelt column must not look like "nobody found".
 */
export async function find(
  { store, formats }: { readonly store: ObjectStore; readonly formats: readonly DetectableFormat[] },
  { targets, predicate, malformed, objectMatch, concurrency = 4, signal, onEvent }: FindRequest,
): Promise<FindResult> {
  const options = signal === undefined ? {} : { signal }
  const guard = makeTableGuard(store, options)
  const byName = objectMatch === undefined ? undefined : noticing(objectMatch)
  let skipped = 0
  const findings: Finding[] = []
  try {
    const objects = selectObjects(store, targets, { ...options, versions: 'all', onSkipped: () => (skipped += 1) })
    const searches = mapConcurrently(objects, concurrency, async (item): Promise<Finding> => {
      if (item.kind === 'unlisted') return { kind: 'unsearched', object: item, error: item.error }
      return await findObject(store, formats, {
        object: item,
        predicate,
        malformed,
        guard,
        ...(byName === undefined ? {} : { objectMatch: byName.objectMatch }),
        ...options,
        onProgress: (bytes) => onEvent?.({ kind: 'progress', bytes }),
      })
    })
    for await (const finding of searches) {
      if (finding.kind === 'unsearched' && finding.error.code === 'interrupted') break
      findings.push(finding)
      onEvent?.({ kind: 'found', finding })
    }
  } catch (error) {
    if (signal?.aborted !== true) throw asLetheError(error)
  }
  const interrupted = signal?.aborted === true
  if (!interrupted && byName !== undefined && !byName.hasFitted()) throw fitsNone()
  if (!interrupted) requireColumns(predicate, findings)
  const searched = findings.filter((finding) => finding.kind === 'searched')
  return { findings, skipped, fuses: fusesOf(searched), interrupted }
}

/** Notices whether the name of any object fits. One that fits in ways that cannot be told apart does. */
function noticing(objectMatch: ObjectMatch) {
  let hasFitted = false
  return {
    hasFitted: () => hasFitted,
    objectMatch: ((name, partitions) => {
      let isUnnamed = false
      try {
        const verdict = objectMatch(name, partitions)
        isUnnamed = verdict.kind === 'unnamed'
        return verdict
      } finally {
        hasFitted ||= !isUnnamed
      }
    }) satisfies ObjectMatch as ObjectMatch,
  }
}

function fitsNone(): LetheError {
  const message = 'no object has a name that --object-match fits; it is for whole names. Nothing was changed'
  return new LetheError('no-data', message)
}

function requireColumns(predicate: Predicate, findings: readonly Finding[]): void {
  const isRead = (finding: Finding) =>
    finding.kind === 'named' || (finding.kind === 'searched' && finding.found.rowsSeen > 0)
  if (!findings.some(isRead)) return
  const known = new Set(findings.flatMap(columnsOf))
  const refused = new Set(findings.flatMap(positionsRefused))
  for (const [column, position] of predicate.columns) {
    if (known.has(column) || refused.has(position)) continue
    // The column's name stays out of the message: in a CSV of matches without a header it is somebody's id.
    throw new LetheError(
      'column-not-found',
      `match ${position + 1} names a column that no object has; check its spelling. Nothing was changed`,
      { detail: { position } },
    )
  }
}

/** The match whose column refused the object, by what it is there: its name is not misspelt. */
function positionsRefused(finding: Finding): readonly number[] {
  if (finding.kind !== 'unsearched') return []
  const { code, detail } = finding.error
  const isByColumn = code === 'ambiguous-column' || code === 'unsupported-key'
  return isByColumn && typeof detail['position'] === 'number' ? [detail['position']] : []
}

/** The columns that the matches name and the object has. */
export function columnsOf(finding: Finding): readonly string[] {
  if (finding.kind === 'unsearched') return []
  return [...(finding.kind === 'named' ? finding.columns : finding.found.columns)]
}

function fusesOf(searched: readonly Searched[]): FuseWarning[] {
  const hits = new Map<number, number>()
  let rowsSeen = 0
  for (const { found } of searched) {
    rowsSeen += found.rowsSeen
    for (const [position, rows] of found.hits) hits.set(position, rows + (hits.get(position) ?? 0))
  }
  return blownFuses(hits, rowsSeen)
}
