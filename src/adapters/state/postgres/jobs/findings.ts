import { type Kysely, sql } from 'kysely'
import type { MapperFindings, Plan } from '../../../../domain/plan.ts'
import type { TaskPhase, TaskState } from '../../../../domain/task.ts'
import type { WarningCode } from '../../../../domain/warning.ts'
import type { EndedTask, JobStore, LargeHits, NotFound, PhaseNames, Progress } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { type TaskRow, taskColumns, taskOf } from './task-row.ts'

interface FindingsRow {
  readonly mapper: string
  readonly objects: number
  readonly rows_seen: number
  readonly bytes_read: number
  readonly matched_objects: number
  readonly matched_versions: number
  readonly whole_objects: number
  readonly rows_matched: number
  readonly kept_bytes: number
  readonly inserted_bytes: number
  readonly refused: number
  readonly failed: number
}

/** What a search, or an erasure, learnt in the scope of each mapper. */
export async function readFindings(
  db: Kysely<Tables>,
  id: string,
  phase: TaskPhase,
  pass: number,
): Promise<readonly MapperFindings[]> {
  const { rows } = await sql<FindingsRow>`
    SELECT m.name AS mapper, count(t.id) AS objects,
      coalesce(sum((t.detail ->> 'rowsSeen')::bigint), 0)::bigint AS rows_seen,
      coalesce(sum((t.detail #>> '{bytes,read}')::bigint), 0)::bigint AS bytes_read,
      count(t.id) FILTER (WHERE t.is_matched AND t.version_id IS NULL) AS matched_objects,
      count(t.id) FILTER (WHERE t.is_matched AND t.version_id IS NOT NULL) AS matched_versions,
      count(t.id) FILTER (WHERE t.detail ->> 'action' = 'remove' AND t.version_id IS NULL) AS whole_objects,
      coalesce(sum(t.rows_matched), 0)::bigint AS rows_matched,
      coalesce(sum((t.detail #>> '{bytes,kept}')::bigint)
        FILTER (WHERE t.is_matched AND t.version_id IS NULL), 0)::bigint AS kept_bytes,
      coalesce(sum((t.detail #>> '{bytes,inserted}')::bigint)
        FILTER (WHERE t.is_matched AND t.version_id IS NULL), 0)::bigint AS inserted_bytes,
      count(t.id) FILTER (WHERE t.state = 'refused') AS refused,
      count(t.id) FILTER (WHERE t.state = 'failed') AS failed
    FROM job_mappers m LEFT JOIN (
      SELECT *, (rows_matched > 0 OR coalesce(detail ->> 'action', '') = 'remove') AS is_matched
      FROM tasks WHERE job_id = ${id}::uuid AND phase = ${phase} AND pass = ${pass}::int) t
      ON t.job_id = m.job_id AND t.mapper = m.name
    WHERE m.job_id = ${id}::uuid GROUP BY m.name ORDER BY m.name`.execute(db)
  return rows.map(findingsOf)
}

function findingsOf(row: FindingsRow): MapperFindings {
  return {
    mapper: row.mapper,
    objects: row.objects,
    rowsSeen: row.rows_seen,
    bytesRead: row.bytes_read,
    matched: {
      objects: row.matched_objects,
      oldVersions: row.matched_versions,
      wholeObjects: row.whole_objects,
      rows: row.rows_matched,
      keptBytes: row.kept_bytes,
      insertedBytes: row.inserted_bytes,
    },
    refused: row.refused,
    failed: row.failed,
  }
}

export async function readNames(db: Kysely<Tables>, id: string, phase: TaskPhase, pass: number): Promise<PhaseNames> {
  return {
    columns: await readList(db, id, { phase, pass, of: 'columns' }),
    heard: await readList(db, id, { phase, pass, of: 'heard' }),
  }
}

/** Names that the objects of each mapper have in a list of their detail. */
async function readList(
  db: Kysely<Tables>,
  id: string,
  { phase, pass, of }: { readonly phase: TaskPhase; readonly pass: number; readonly of: 'columns' | 'heard' },
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await sql<{ mapper: string; name: string }>`
    SELECT DISTINCT mapper, name FROM tasks, jsonb_array_elements_text(detail -> ${of}::text) AS name
    WHERE job_id = ${id}::uuid AND phase = ${phase} AND pass = ${pass}::int
      AND jsonb_typeof(detail -> ${of}::text) = 'array'`.execute(db)
  const names = new Map<string, Set<string>>()
  for (const { mapper, name } of rows) {
    const known = names.get(mapper)
    if (known === undefined) names.set(mapper, new Set([name]))
    else known.add(name)
  }
  return names
}

export async function readUnsearched(
  db: Kysely<Tables>,
  id: string,
  phase: TaskPhase,
  pass: number,
): Promise<Plan['unsearched']> {
  const { rows } = await sql<Plan['unsearched'][number]>`
    SELECT mapper, error_code AS code, min(error_message) AS message, count(*) AS objects FROM tasks
    WHERE job_id = ${id}::uuid AND phase = ${phase} AND pass = ${pass}::int AND state IN ('refused', 'failed')
    GROUP BY mapper, error_code ORDER BY mapper, objects DESC, code`.execute(db)
  return rows
}

export async function readWarnings(
  db: Kysely<Tables>,
  id: string,
  phase: TaskPhase,
  pass: number,
): Promise<Plan['warnings']> {
  const { rows } = await sql<{ code: WarningCode; count: number }>`
    SELECT w ->> 'code' AS code, sum((w ->> 'count')::bigint)::bigint AS count
    FROM tasks, jsonb_array_elements(detail -> 'warnings') AS w
    WHERE job_id = ${id}::uuid AND phase = ${phase} AND pass = ${pass}::int
      AND jsonb_typeof(detail -> 'warnings') = 'array'
    GROUP BY 1 ORDER BY 1`.execute(db)
  return Object.fromEntries(rows.map(({ code, count }) => [code, count]))
}

const ownHits = (id: string) => sql`
  SELECT h.position, t.mapper, h.task_id, h.row_count FROM task_hits h JOIN tasks t ON t.id = h.task_id
  WHERE t.job_id = ${id}::uuid AND t.phase = 'FIND'`

/**
 * What each match of a job hit in the find, as far as it is for that mapper: what equal matches hit, and those that say the
 * same for one of the keys, it has hit as well.
 */
export const hitsOfMatches = (id: string) => sql`
  SELECT j.position, m.reference, h.position AS owner, h.mapper, h.task_id, h.row_count
  FROM job_matches j JOIN matches m ON m.id = j.match_id
  JOIN (
    WITH own AS (${ownHits(id)})
    SELECT position, position AS owner, mapper, task_id, row_count FROM own
    UNION ALL
    SELECT s.position, s.owner, own.mapper, own.task_id, own.row_count
    FROM match_shares s JOIN own ON own.position = s.owner AND own.mapper = s.mapper
    WHERE s.job_id = ${id}::uuid) AS h
  ON h.position = coalesce(j.same_as, j.position) AND (m.mappers IS NULL OR h.mapper = ANY(m.mappers))
  WHERE j.job_id = ${id}::uuid`

/** A match hits an object as a whole with no row of it counted. */
export async function readLargeHits(
  db: Kysely<Tables>,
  id: string,
  { minHit }: { readonly minHit: number },
): Promise<LargeHits> {
  const { rows } = await sql<{ position: number; rows: number; objects: number }>`
    SELECT h.position, sum(h.row_count)::bigint AS rows, count(*) FILTER (WHERE h.row_count = 0) AS objects
    FROM task_hits h JOIN tasks t ON t.id = h.task_id
    WHERE t.job_id = ${id}::uuid AND t.phase = 'FIND' GROUP BY h.position
    HAVING sum(h.row_count) > ${minHit}::bigint OR count(*) FILTER (WHERE h.row_count = 0) > ${minHit}::bigint
    ORDER BY h.position`.execute(db)
  const { rows: named } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM tasks
    WHERE job_id = ${id}::uuid AND phase = 'FIND' AND state = 'done' AND NOT detail ? 'rowsSeen'`.execute(db)
  return {
    rows: new Map(rows.map((row) => [row.position, row.rows])),
    objects: new Map(rows.map((row) => [row.position, row.objects])),
    objectsNamed: named[0]!.count,
  }
}

export async function countMatches(db: Kysely<Tables>, id: string): Promise<Plan['matches']> {
  const { rows } = await sql<{ all: number; found: number }>`
    SELECT (SELECT count(*) FROM job_matches WHERE job_id = ${id}::uuid) AS all,
      (SELECT count(DISTINCT position) FROM (${hitsOfMatches(id)}) AS h) AS found`.execute(db)
  const { all, found } = rows[0]!
  return { all, found, notFound: all - found }
}

export async function readNotFound(
  db: Kysely<Tables>,
  id: string,
  { limit }: { readonly limit: number },
): Promise<readonly NotFound[]> {
  const { rows } = await sql<NotFound>`
    SELECT j.position, m.id AS match, m.reference FROM job_matches j JOIN matches m ON m.id = j.match_id
    WHERE j.job_id = ${id}::uuid AND j.position NOT IN (SELECT position FROM (${hitsOfMatches(id)}) AS h)
    ORDER BY j.position LIMIT ${limit}::int`.execute(db)
  return rows
}

export async function readProgress(db: Kysely<Tables>, id: string): Promise<readonly Progress[]> {
  const { rows } = await sql<Progress>`
    SELECT phase, pass, count(*) AS all, count(ended_at) AS ended,
      count(*) FILTER (WHERE state = 'refused') AS refused, count(*) FILTER (WHERE state = 'failed') AS failed,
      sum(rows_matched)::bigint AS rows,
      coalesce(sum((detail #>> '{bytes,read}')::bigint), 0)::bigint AS "bytesRead"
    FROM tasks WHERE job_id = ${id}::uuid GROUP BY phase, pass ORDER BY min(id)`.execute(db)
  return rows
}

export type EndedRow = TaskRow & {
  readonly pass: number
  readonly rows_matched: number
  readonly error_code: string | null
  readonly error_message: string | null
  readonly ended_at: Date | null
}

export const endedColumns = sql`${taskColumns}, t.pass, t.rows_matched, t.error_code, t.error_message, t.ended_at`

export async function readTasks(
  db: Kysely<Tables>,
  id: string,
  { after, limit, phase, states }: Parameters<JobStore['tasks']>[1],
): Promise<readonly EndedTask[]> {
  const wanted: readonly TaskState[] | undefined = states
  const { rows } = await sql<EndedRow>`
    SELECT ${endedColumns} FROM tasks t
    WHERE t.job_id = ${id}::uuid AND t.id > ${after}::bigint
      AND (${phase ?? null}::text IS NULL OR t.phase = ${phase ?? null}::text)
      AND (${wanted === undefined ? null : JSON.stringify(wanted)}::jsonb IS NULL
        OR ${JSON.stringify(wanted ?? [])}::jsonb ? t.state)
    ORDER BY t.id LIMIT ${limit}::int`.execute(db)
  return rows.map(endedTaskOf)
}

export function endedTaskOf(row: EndedRow): EndedTask {
  const { id, jobId, phase, mapper, object, state, detail } = taskOf(row)
  const reason = row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' }
  return {
    id,
    jobId,
    phase,
    pass: row.pass,
    mapper,
    object,
    state,
    detail,
    rowsMatched: row.rows_matched,
    reason,
    endedAt: row.ended_at,
  }
}
