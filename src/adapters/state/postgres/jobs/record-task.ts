import { type Kysely, sql, type Transaction } from 'kysely'
import type { JobStore, LaterVersions, PinAnswer, Task } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'

/** Every statement here is fenced: it holds for the worker whose token the task has, as long as its lease has. */
const isHeld = ({ id, token }: Task) =>
  sql`t.id = ${id}::bigint AND t.lease_token = ${token}::bigint AND t.leased_until > now() AND t.ended_at IS NULL`

export async function renewTasks(
  db: Kysely<Tables>,
  tasks: readonly Task[],
  { leaseMs }: { readonly leaseMs: number },
): Promise<boolean> {
  const held = JSON.stringify(tasks.map(({ id, token }) => ({ id, token })))
  const { rows } = await sql<{ count: number }>`
    WITH renewed AS (
      UPDATE tasks t SET leased_until = now() + ${leaseMs}::float8 * interval '1 ms'
      FROM jsonb_to_recordset(${held}::jsonb) AS h (id bigint, token bigint)
      WHERE t.id = h.id AND t.lease_token = h.token AND t.leased_until > now() AND t.ended_at IS NULL
      RETURNING t.id),
    claims AS (
      UPDATE object_claims SET leased_until = now() + ${leaseMs}::float8 * interval '1 ms'
      WHERE task_id IN (SELECT id FROM renewed))
    SELECT count(*) AS count FROM renewed`.execute(db)
  // Those that ended meanwhile need none.
  return (rows[0]?.count ?? 0) > 0
}

export async function recordTask(
  db: Kysely<Tables>,
  task: Task,
  { state, detail }: Parameters<JobStore['record']>[1],
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE tasks t SET state = ${state}, detail = t.detail || ${JSON.stringify(detail)}::jsonb ||
      -- When it was erased is the database's word, not that of a worker's clock.
      CASE WHEN ${state}::text = 'verified' THEN jsonb_build_object('erasedAt', now()) ELSE '{}' END
    WHERE ${isHeld(task)} RETURNING 1`.execute(db)
  return rows.length === 1
}

/** Asked right before the call that changes an object: the lease holds, and nobody wants the job to stop. */
export async function mayCommit(db: Kysely<Tables>, task: Task): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM tasks t JOIN jobs j ON j.id = t.job_id
    WHERE ${isHeld(task)} AND j.state = 'RUNNING' AND j.phase = t.phase AND j.pass = t.pass
      AND j.cancel_requested_at IS NULL`.execute(db)
  return rows.length === 1
}

/**
 * Counts a task's rows against what was agreed to, once. The row of the mapper is locked meanwhile, so that of two
 * tasks that together are too many one is told so.
 */
export async function pinTask(
  db: Kysely<Tables>,
  task: Task,
  { version, rows: count }: Parameters<JobStore['pin']>[1],
): Promise<PinAnswer> {
  return await db.transaction().execute(async (transaction): Promise<PinAnswer> => {
    const { rows: places } = await sql`
      SELECT 1 FROM jobs WHERE id = ${task.jobId}::uuid AND state = 'RUNNING' AND phase = 'FORGET'
        AND cancel_requested_at IS NULL FOR SHARE`.execute(transaction)
    const { rows: tasks } = await sql<{ pinned_rows: number | null }>`
      SELECT pinned_rows FROM tasks t WHERE ${isHeld(task)} FOR UPDATE`.execute(transaction)
    const known = tasks[0]
    if (places.length === 0 || known === undefined) return { kind: 'stopped' }
    const more = { objects: known.pinned_rows === null ? 1 : 0, rows: count - (known.pinned_rows ?? 0) }
    const isAgreed = await countIn(transaction, task, more)
    if (!isAgreed) return { kind: 'exceeds', more: { mapper: task.mapper, ...more } }
    await sql`
      UPDATE tasks t SET state = 'pinned', pinned_rows = ${count}::bigint,
        detail = t.detail || ${JSON.stringify({ before: version, rowsErased: count })}::jsonb
      WHERE ${isHeld(task)}`.execute(transaction)
    return { kind: 'pinned' }
  })
}

async function countIn(
  transaction: Transaction<Tables>,
  { jobId, mapper }: Task,
  more: { readonly objects: number; readonly rows: number },
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE job_mappers
    SET pinned_objects = pinned_objects + ${more.objects}::bigint, pinned_rows = pinned_rows + ${more.rows}::bigint
    WHERE job_id = ${jobId}::uuid AND name = ${mapper}
      AND pinned_objects + ${more.objects}::bigint <= bound_objects
      AND pinned_rows + ${more.rows}::bigint <= bound_rows
    RETURNING 1`.execute(transaction)
  return rows.length === 1
}

/** Ends tasks with what they learnt, lets go of their objects, and makes the tasks that come later; in one transaction. */
export async function endTasks(db: Kysely<Tables>, ends: Parameters<JobStore['end']>[0]): Promise<number> {
  const rows = ends.map(({ task, end }) => ({
    id: task.id,
    token: task.token,
    state: end.state,
    detail: end.detail,
    rows_matched: end.rowsMatched,
    error_code: end.reason?.code ?? null,
    error_message: end.reason?.message ?? null,
  }))
  return await db.transaction().execute(async (transaction) => {
    const { rows: ended } = await sql<{ id: number }>`
      UPDATE tasks t SET state = e.state, detail = t.detail || e.detail, rows_matched = e.rows_matched,
        error_code = e.error_code, error_message = e.error_message, leased_until = NULL, ended_at = now()
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS e (
        id bigint, token bigint, state text, detail jsonb, rows_matched bigint, error_code text, error_message text)
      WHERE t.id = e.id AND t.lease_token = e.token AND t.leased_until > now() AND t.ended_at IS NULL
      RETURNING t.id`.execute(transaction)
    const ids = new Set(ended.map(({ id }) => id))
    if (ids.size === 0) return 0
    await sql`DELETE FROM object_claims WHERE task_id IN (
      SELECT (value #>> '{}')::bigint FROM jsonb_array_elements(${JSON.stringify([...ids])}::jsonb))`.execute(
      transaction,
    )
    const mine = ends.filter(({ task }) => ids.has(task.id))
    await addHits(transaction, mine)
    for (const { task, end } of mine) if (end.cleanup !== undefined) await addCleanup(transaction, task, end.cleanup)
    return ids.size
  })
}

async function addHits(transaction: Transaction<Tables>, ends: Parameters<JobStore['end']>[0]): Promise<void> {
  const hits = ends.flatMap(({ task, end }) =>
    [...(end.hits ?? [])].map(([position, count]) => ({ id: task.id, position, count })),
  )
  if (hits.length === 0) return
  await sql`
    INSERT INTO task_hits (task_id, position, row_count)
    SELECT h.id, h.position, h.count
    FROM jsonb_to_recordset(${JSON.stringify(hits)}::jsonb) AS h (id bigint, position int, count bigint)
    ON CONFLICT DO NOTHING`.execute(transaction)
}

async function addCleanup(
  transaction: Transaction<Tables>,
  task: Task,
  { afterDays, ...versions }: LaterVersions,
): Promise<void> {
  await sql`
    INSERT INTO tasks (job_id, phase, pass, mapper, store, object_key, object_id, uri, action, state, detail, not_before)
    SELECT job_id, 'CLEANUP', pass, mapper, store, object_key, object_id, uri, 'remove', 'planned',
      ${JSON.stringify(versions)}::jsonb, now() + ${afterDays}::float8 * interval '1 day'
    FROM tasks WHERE id = ${task.id}::bigint
    ON CONFLICT DO NOTHING`.execute(transaction)
}

export async function giveBackTasks(db: Kysely<Tables>, tasks: readonly Task[]): Promise<void> {
  if (tasks.length === 0) return
  const held = JSON.stringify(tasks.map(({ id, token }) => ({ id, token })))
  await sql`
    WITH given_back AS (
      UPDATE tasks t SET leased_until = NULL, attempts = attempts - 1
      FROM jsonb_to_recordset(${held}::jsonb) AS h (id bigint, token bigint)
      WHERE t.id = h.id AND t.lease_token = h.token AND t.leased_until > now() AND t.ended_at IS NULL
      RETURNING t.id)
    DELETE FROM object_claims WHERE task_id IN (SELECT id FROM given_back)`.execute(db)
}

export async function postponeTask(
  db: Kysely<Tables>,
  task: Task,
  { delayMs }: { readonly delayMs: number },
): Promise<void> {
  await sql`
    WITH given_back AS (
      UPDATE tasks t SET leased_until = NULL, not_before = now() + ${delayMs}::float8 * interval '1 ms'
      WHERE ${isHeld(task)} RETURNING t.id)
    DELETE FROM object_claims WHERE task_id IN (SELECT id FROM given_back)`.execute(db)
}
