import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { TaskPhase, TaskState } from '../../../../domain/task.ts'
import type { Task, TaskDetail, TaskObject } from '../../../../ports/job-store.ts'

/** `detail` in the table: what is remembered of the object, and what it takes to open it. */
type StoredDetail = TaskDetail & {
  readonly size?: number
  readonly linkPath?: string | null
  readonly ownerKey?: string | null
  readonly isAloof?: boolean | null
}

/** What of an object is in the `detail` of its new task. */
export function storedDetailOf({ sizeBytes, linkPath, ownerKey, isAloof }: TaskObject): StoredDetail {
  return {
    size: sizeBytes,
    ...(linkPath === undefined ? {} : { linkPath }),
    ...(ownerKey === undefined ? {} : { ownerKey }),
    ...(isAloof === undefined ? {} : { isAloof }),
  }
}

export interface TaskRow {
  readonly id: number
  readonly job_id: string
  readonly phase: TaskPhase
  readonly mapper: string
  readonly store: string
  readonly object_key: string
  readonly object_id: string
  readonly version_id: string | null
  readonly uri: string
  readonly state: TaskState
  readonly detail: StoredDetail
  readonly attempts: number
  readonly lease_token: number
}

export const taskColumns = sql.raw(
  `t.id, t.job_id, t.phase, t.mapper, t.store, t.object_key, t.object_id, t.version_id, t.uri, t.state, t.detail,
   t.attempts, t.lease_token`,
)

export function taskOf(row: TaskRow): Task {
  const { size: _, linkPath: __, ownerKey: ___, isAloof: ____, ...detail } = row.detail
  return {
    id: row.id,
    jobId: row.job_id,
    phase: row.phase,
    mapper: row.mapper,
    object: objectOf(row),
    state: row.state,
    attempts: row.attempts,
    detail,
    token: row.lease_token,
  }
}

function objectOf({ store, object_key, version_id, uri, detail }: TaskRow): TaskObject {
  return {
    place: store,
    key: object_key,
    uri,
    sizeBytes: detail.size ?? 0,
    ...(detail.linkPath == null ? {} : { linkPath: detail.linkPath }),
    ...(version_id === null ? {} : { versionId: version_id }),
    ...(detail.ownerKey == null ? {} : { ownerKey: detail.ownerKey }),
    ...(detail.isAloof == null ? {} : { isAloof: detail.isAloof }),
  }
}

/** Stands for an object in indexes, which take no key of a kilobyte and more. */
export function objectIdOf({ place, key }: Pick<TaskObject, 'place' | 'key'>): string {
  return createHash('sha256').update(`${place}\0${key}`).digest('hex')
}
