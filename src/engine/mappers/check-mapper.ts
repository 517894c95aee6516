import { randomUUID } from 'node:crypto'
import { columnsOfMapper, type DataMapper } from '../../domain/data-mapper.ts'
import { LetheError } from '../../domain/error.ts'
import type { Match } from '../../domain/match.ts'
import { bind } from '../../domain/predicate.ts'
import type { DetectableFormat } from '../../formats/format.ts'
import type { CallOptions, ListedObject, ObjectStore } from '../../ports/object-store.ts'
import { columnsOf } from '../find.ts'
import { type Finding, findObject } from '../find-object.ts'
import { partitionsOf } from '../object-paths.ts'
import { selectObjects } from '../select-objects.ts'
import { makeTableGuard } from '../table-guard.ts'
import { makeObjectJudge, type WholeObjects } from '../whole-objects.ts'

/** Where a mapper looks, as its store and its formats understand it. */
export interface MapperPlace {
  readonly store: ObjectStore
  readonly formats: readonly DetectableFormat[]
  readonly target: string
  readonly wholeObjects?: WholeObjects
}

export interface MapperCheck {
  /** Objects that the location names; of more than `maxListed` no more are counted. */
  readonly objects: number
  readonly isComplete: boolean
  readonly searched: number
  readonly rowsSeen: number
  readonly formats: readonly string[]
  /** Objects of the sample that could not be searched. */
  readonly refused: readonly { readonly uri: string; readonly code: string; readonly message: string }[]
}

const maxListed = 1000
const maxSearched = 20
const maxSearchedBytes = 256 * 1024 * 1024

/**
 * Tries a mapper on the data that it names: its location names objects, one test search runs, and each of its columns is
 * in an object of those that are searched. These are few: the smallest of the first thousand, until all columns were
 * seen. Changes nothing. The test looks for a random text, which nobody has.
 *
 * @throws LetheError `no-data` where there is no object, unless the mapper allows it; `column-not-found` with the columns that
 *   no searched object has; the error of an object where none could be searched
 */
export async function checkMapper(
  mapper: DataMapper,
  place: MapperPlace,
  options: CallOptions = {},
): Promise<MapperCheck> {
  const { store, formats, wholeObjects } = place
  const { objects, isComplete } = await listSome(place, mapper, options)
  const columns = [...new Set(columnsOfMapper(mapper))]
  const predicate = bind(columns.map(testMatch))
  const guard = makeTableGuard(store, options)
  const judge = wholeObjects === undefined ? undefined : makeObjectJudge(store, { wholeObjects, predicate, ...options })
  const missing = new Set(columns)
  const findings: Finding[] = []
  let bytes = 0
  for (const object of bySize(objects)) {
    if (findings.length >= maxSearched || bytes > maxSearchedBytes) break
    if (missing.size === 0 && findings.some(({ kind }) => kind !== 'unsearched')) break
    requirePartitions(object, mapper)
    const finding = await findObject(store, formats, {
      object,
      predicate,
      malformed: mapper.malformed,
      guard,
      ...(judge === undefined ? {} : { judge }),
      ...options,
    })
    if (finding.kind === 'unsearched' && finding.error.code === 'interrupted') throw finding.error
    findings.push(finding)
    bytes += object.size
    for (const column of columnsOf(finding)) missing.delete(column)
  }
  requireSearched(findings)
  if (missing.size > 0 && objects.length > 0) throw columnsNotFound([...missing], findings.length)
  return describeCheck(findings, { objects: objects.length, isComplete })
}

function testMatch(column: string, position: number): Match {
  return { kind: 'simple', column, value: `lethe-test-${randomUUID()}`, position }
}

async function listSome(
  { store, target, wholeObjects }: MapperPlace,
  { allowNoObjects }: DataMapper,
  options: CallOptions,
): Promise<{ readonly objects: readonly ListedObject[]; readonly isComplete: boolean }> {
  const objects: ListedObject[] = []
  try {
    const listing = selectObjects(store, [target], { ...options, versions: 'current', onSkipped: () => undefined })
    for await (const item of listing) {
      if (item.kind === 'unlisted') throw item.error
      if (wholeObjects?.sidecar?.ownerOf(item.key) !== undefined) continue
      if (objects.length === maxListed) return { objects, isComplete: false }
      objects.push(item)
    }
  } catch (error) {
    if (!(error instanceof LetheError && error.code === 'no-data')) throw error
    if (!allowNoObjects) {
      throw new LetheError('no-data', 'its location names no object; check its spelling, or say allowNoObjects: true')
    }
  }
  return { objects, isComplete: true }
}

/** Those without bytes last: they have no columns. */
function bySize(objects: readonly ListedObject[]): ListedObject[] {
  return [...objects].sort((a, b) => (a.size || Number.POSITIVE_INFINITY) - (b.size || Number.POSITIVE_INFINITY))
}

function requirePartitions(object: ListedObject, { partitionKeys }: DataMapper): void {
  const given = new Set(partitionsOf(object, { columns: new Map() }).map(({ name }) => name))
  const missing = partitionKeys.filter((name) => !given.has(name))
  if (missing.length === 0) return
  throw new LetheError(
    'column-not-found',
    `an object of its location lies below no folder ${missing.map((name) => `${name}=...`).join(', ')}`,
    { detail: { columns: missing } },
  )
}

function requireSearched(findings: readonly Finding[]): void {
  const [first] = findings
  if (first?.kind !== 'unsearched' || findings.some(({ kind }) => kind !== 'unsearched')) return
  const { code, message, detail } = first.error
  throw new LetheError(code, `none of its objects that were tried can be searched; the first ${message}`, {
    detail,
    cause: first.error,
  })
}

function columnsNotFound(columns: readonly string[], searched: number): LetheError {
  return new LetheError(
    'column-not-found',
    `none of the ${searched} objects that were searched has ${columns.join(', ')}; check the spelling, or use --no-check`,
    { detail: { columns } },
  )
}

function describeCheck(findings: readonly Finding[], counts: Pick<MapperCheck, 'objects' | 'isComplete'>): MapperCheck {
  const searched = findings.filter((finding) => finding.kind === 'searched')
  return {
    ...counts,
    searched: findings.length,
    rowsSeen: searched.reduce((sum, { found }) => sum + found.rowsSeen, 0),
    formats: [...new Set(searched.map(({ format }) => format.name))].sort(),
    refused: findings.flatMap((finding) =>
      finding.kind === 'unsearched'
        ? [{ uri: finding.object.uri, code: finding.error.code, message: finding.error.message }]
        : [],
    ),
  }
}
