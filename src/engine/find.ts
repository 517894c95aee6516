import { LetheError } from '../domain/error.ts'
import { blownFuses, type FuseWarning } from '../domain/fuse.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { DetectableFormat, Search } from '../formats/format.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { withoutSidecars } from './data-objects.ts'
import { type Finding, findObject } from './find-object.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { selectObjects } from './select-objects.ts'
import { makeTableGuard } from './table-guard.ts'
import { makeObjectJudge, type WholeObjects } from './whole-objects.ts'

export interface FindRequest {
  readonly targets: readonly string[]
  readonly predicate: Predicate
  readonly malformed: Search['malformed']
  /** What tells of some objects whose they are: those go as a whole, or are not read. */
  readonly wholeObjects?: WholeObjects
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
 * @throws LetheError `no-data` when a target names no object at all, or where nothing of what should say whose objects
 *   are says it of any; `column-not-found` when rows were read and no
 *   object has a column that a match names: a misspelt column must not look like "nobody found".
 */
export async function find(
  { store, formats }: { readonly store: ObjectStore; readonly formats: readonly DetectableFormat[] },
  { targets, predicate, malformed, wholeObjects, concurrency = 4, signal, onEvent }: FindRequest,
): Promise<FindResult> {
  const options = signal === undefined ? {} : { signal }
  const guard = makeTableGuard(store, options)
  const judge = wholeObjects === undefined ? undefined : makeObjectJudge(store, { wholeObjects, predicate, ...options })
  const pattern = wholeObjects?.sidecar
  const sidecars = new Set<string>()
  let skipped = 0
  const findings: Finding[] = []
  try {
    const all = selectObjects(store, targets, { ...options, versions: 'all', onSkipped: () => (skipped += 1) })
    const objects = pattern === undefined ? all : withoutSidecars(all, { pattern, store, listed: sidecars, ...options })
    const searches = mapConcurrently(objects, concurrency, async (item): Promise<Finding> => {
      if (item.kind === 'unlisted') return { kind: 'unsearched', object: item, error: item.error }
      if (item.kind === 'aloof') return { kind: 'unsearched', object: item.object, error: item.error }
      return await findObject(store, formats, {
        object: item,
        predicate,
        malformed,
        guard,
        ...(judge === undefined ? {} : { judge }),
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
  if (!interrupted) {
    judge?.requireHeard(sidecars.size)
    requireColumns(predicate, findings)
  }
  const safe = findings.map((finding) => requireListedSidecar(finding, sidecars))
  return { findings: safe, skipped, fuses: fusesOf(safe), interrupted }
}

/** A sidecar that a crash leaves without its object is found only where the targets name it. */
function requireListedSidecar(finding: Finding, listed: ReadonlySet<string>): Finding {
  if (finding.kind !== 'named' || !finding.isWhole) return finding
  if (finding.sidecar === undefined || listed.has(finding.sidecar.key)) return finding
  const message = 'no target names its sidecar, which a crash could leave behind unseen; name the folder of both'
  return { kind: 'unsearched', object: finding.object, error: new LetheError('unsupported', message) }
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

/** Of rows, and of objects that go as a whole: a stand-in for "no value" can be in either. */
function fusesOf(findings: readonly Finding[]): FuseWarning[] {
  const rows = { hits: new Map<number, number>(), seen: 0 }
  const objects = { hits: new Map<number, number>(), seen: 0 }
  const add = (hits: Map<number, number>, position: number, count: number) =>
    hits.set(position, count + (hits.get(position) ?? 0))
  for (const finding of findings) {
    if (finding.kind === 'searched') {
      rows.seen += finding.found.rowsSeen
      for (const [position, count] of finding.found.hits) add(rows.hits, position, count)
    } else if (finding.kind === 'named') {
      objects.seen += 1
      for (const position of finding.positions) add(objects.hits, position, 1)
    }
  }
  return [...blownFuses(rows.hits, rows.seen, 'rows'), ...blownFuses(objects.hits, objects.seen, 'objects')]
}
