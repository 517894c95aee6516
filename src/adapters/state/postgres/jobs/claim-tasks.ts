import { type Kysely, sql, type Transaction } from 'kysely'
import type { TaskPhase } from '../../../../domain/task.ts'
import type { JobStore, Task } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { type TaskRow, taskColumns, taskOf } from './task-row.ts'

interface Source {
  readonly id: string
  readonly phase: TaskPhase
  readonly pass: number
}

/**
 * Takes tasks of one job. Jobs take turns by chance, so that a large one does not keep the others waiting.
 *
 * A task is taken by its row (`SKIP LOCKED`: nobody waits for anybody), by a new fencing token, and until a moment of the
 * database's clock. An erasure takes the object as well, in the same transaction.
 */
export async function claimTasks(
  db: Kysely<Tables>,
  { leaseMs, limit }: Parameters<JobStore['claim']>[0],
): Promise<readonly Task[]> {
  for (const source of await sourcesOf(db)) {
    const isErasing = source.phase === 'FORGET' || source.phase === 'CLEANUP'
    const taken = await db.transaction().execute(async (transaction) => {
      const rows = await take(transaction, source, { leaseMs, limit: isErasing ? 1 : limit })
      if (!isErasing || rows.length === 0 || (await takeObject(transaction, rows[0]!, leaseMs))) return rows
      await giveBack(transaction, rows[0]!)
      return []
    })
    if (taken.length > 0) return taken.map(taskOf)
  }
  return []
}

async function sourcesOf(db: Kysely<Tables>): Promise<readonly Source[]> {
  const { rows } = await sql<Source>`
    SELECT id, phase, pass FROM (
      SELECT id, phase, pass FROM jobs
      WHERE state = 'RUNNING' AND phase <> 'PLAN' AND cancel_requested_at IS NULL
      UNION ALL
      SELECT DISTINCT job_id, phase, pass FROM tasks
      WHERE phase = 'CLEANUP' AND ended_at IS NULL AND not_before <= now()) AS sources
    ORDER BY random()`.execute(db)
  return rows
}

async function take(
  transaction: Transaction<Tables>,
  { id, phase, pass }: Source,
  { leaseMs, limit }: { readonly leaseMs: number; readonly limit: number },
): Promise<readonly TaskRow[]> {
  const { rows } = await sql<TaskRow>`
    WITH free AS (
      SELECT id FROM tasks t
      WHERE job_id = ${id}::uuid AND phase = ${phase} AND pass = ${pass}::int AND ended_at IS NULL
        AND (leased_until IS NULL OR leased_until <= now())
        AND (not_before IS NULL OR not_before <= now())
        AND (phase NOT IN ('FORGET', 'CLEANUP') OR NOT EXISTS (
          SELECT 1 FROM object_claims c WHERE c.object_id = t.object_id AND c.leased_until > now()))
        -- Old versions go only when their object's current version was dealt with.
        AND (version_id IS NULL OR phase <> 'FORGET' OR NOT EXISTS (
          SELECT 1 FROM tasks c
          WHERE c.job_id = t.job_id AND c.phase = t.phase AND c.pass = t.pass AND c.object_id = t.object_id
            AND c.version_id IS NULL AND c.ended_at IS NULL))
        -- A sidecar goes after all that it may tell of.
        AND (owner_id IS NULL OR phase <> 'FORGET' OR NOT EXISTS (
          SELECT 1 FROM tasks c
          WHERE c.job_id = t.job_id AND c.phase = t.phase AND c.pass = t.pass AND c.object_id = t.owner_id
            AND c.ended_at IS NULL))
      ORDER BY id LIMIT ${limit}::int
      FOR UPDATE SKIP LOCKED)
    UPDATE tasks t SET
      lease_token = lease_token + 1, attempts = attempts + 1,
      leased_until = now() + ${leaseMs}::float8 * interval '1 ms'
    FROM free WHERE t.id = free.id AND (t.phase = 'CLEANUP' OR EXISTS (
      SELECT 1 FROM jobs j
      WHERE j.id = t.job_id AND j.state = 'RUNNING' AND j.phase = t.phase AND j.pass = t.pass
        AND j.cancel_requested_at IS NULL))
    RETURNING ${taskColumns}`.execute(transaction)
  return [...rows].sort((a, b) => a.id - b.id)
}

/** False where another task has come first. A claim says itself how long it holds, for its row is what is waited for. */
async function takeObject(
  transaction: Transaction<Tables>,
  { id, object_id }: TaskRow,
  leaseMs: number,
): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO object_claims (object_id, task_id, leased_until)
    VALUES (${object_id}, ${id}::bigint, now() + ${leaseMs}::float8 * interval '1 ms')
    ON CONFLICT (object_id) DO UPDATE SET task_id = EXCLUDED.task_id, leased_until = EXCLUDED.leased_until
    WHERE object_claims.leased_until <= now() OR object_claims.task_id = EXCLUDED.task_id
    RETURNING 1`.execute(transaction)
  return rows.length === 1
}

async function giveBack(transaction: Transaction<Tables>, { id }: TaskRow): Promise<void> {
  await sql`UPDATE tasks SET leased_until = NULL, attempts = attempts - 1 WHERE id = ${id}::bigint`.execute(transaction)
}
