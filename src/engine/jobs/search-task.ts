import { LetheError } from '../../domain/error.ts'
import { partitionColumns } from '../../domain/partition.ts'
import type { Task, TaskEnd, TaskObject } from '../../ports/job-store.ts'
import type { CallOptions, ListedObject } from '../../ports/object-store.ts'
import { columnsOf } from '../find.ts'
import { type Finding, findObject } from '../find-object.ts'
import { pathsOf } from '../object-paths.ts'
import { reportFinding } from '../report-object.ts'
import type { MapperSearch } from './job-searches.ts'

/** Searches a task's object, for a find or a verify. Changes nothing; to do it again is to find the same. */
export async function searchTask(
  task: Task,
  search: MapperSearch,
  options: CallOptions & { readonly onProgress?: (bytes: number) => void },
): Promise<TaskEnd> {
  const end = endOf(await findTaskObject(task, search, options), search)
  const heard = search.judge?.heard() ?? []
  return heard.length === 0 ? end : { ...end, detail: { ...end.detail, heard } }
}

export async function findTaskObject(
  { object }: Task,
  { mapper, scope, predicate, judge, guard }: MapperSearch,
  options: CallOptions & { readonly onProgress?: (bytes: number) => void },
): Promise<Finding> {
  const listed = listedOf(object)
  const outside = outsidePartitions(listed, mapper.partitionKeys)
  if (outside !== undefined) return { kind: 'unsearched', object: listed, error: outside }
  if (object.isAloof === true) return { kind: 'unsearched', object: listed, error: aloof() }
  const finding = await findObject(scope.store, scope.formats, {
    object: listed,
    predicate,
    malformed: mapper.malformed,
    ...(judge === undefined ? {} : { judge }),
    guard,
    ...options,
  })
  const isUnsafe = finding.kind === 'named' && finding.sidecar !== undefined && listed.linkPath !== undefined
  // Its sidecar lies beside what the link leads to, perhaps where no listing of this mapper comes.
  return isUnsafe ? { kind: 'unsearched', object: listed, error: besideLink() } : finding
}

function aloof(): LetheError {
  return new LetheError('unsupported', 'is the sidecar of an object that its data mapper does not name')
}

function besideLink(): LetheError {
  return new LetheError(
    'hard-linked',
    'a link leads to it, and its sidecar is beside the file; name the folder of both',
  )
}

export function listedOf({ key, uri, sizeBytes, linkPath, versionId }: TaskObject): ListedObject {
  return {
    kind: 'object',
    key,
    uri,
    size: sizeBytes,
    ...(linkPath === undefined ? {} : { linkPath }),
    ...(versionId === undefined ? {} : { versionId }),
  }
}

/** A match may name the partition keys: an object that has none would never be found by one. */
function outsidePartitions(object: ListedObject, partitionKeys: readonly string[]): LetheError | undefined {
  const names = new Set(pathsOf(object).flatMap((path) => partitionColumns(path).map(({ name }) => name)))
  if (partitionKeys.every((key) => names.has(key))) return undefined
  return new LetheError('unsupported', 'lies below no folder of one of the partition keys that its data mapper has')
}

function endOf(finding: Finding, { mapper }: MapperSearch): TaskEnd {
  if (finding.kind === 'unsearched') return endOfUnsearched(finding.error, { ignoreNotFound: mapper.ignoreNotFound })
  const { rows, bytes, action, warnings } = reportFinding(finding)
  const detail = {
    ...(rows === undefined ? {} : { rowsSeen: rows.seen }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(action === undefined ? {} : { action }),
    ...(warnings.length === 0 ? {} : { warnings }),
    columns: columnsOf(finding),
  }
  if (finding.kind === 'named') {
    return { state: 'done', detail, rowsMatched: 0, hits: new Map(finding.positions.map((position) => [position, 0])) }
  }
  return {
    state: 'done',
    detail: { ...detail, before: finding.version },
    rowsMatched: finding.found.rows.size,
    hits: finding.found.hits,
  }
}

export function endOfUnsearched(
  { code, message, outcome }: LetheError,
  { ignoreNotFound }: { readonly ignoreNotFound: boolean },
): TaskEnd {
  const isGone = code === 'object-missing' && ignoreNotFound
  const state = isGone ? 'skipped' : outcome === 'refused' ? 'refused' : 'failed'
  return { state, reason: { code, message }, detail: {}, rowsMatched: 0 }
}
