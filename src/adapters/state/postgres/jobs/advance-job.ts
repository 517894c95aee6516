import { type Kysely, sql, type Transaction } from 'kysely'
import { LetheError } from '../../../../domain/error.ts'
import { isAtRest, mayFollow } from '../../../../domain/job.ts'
import type { JobStep, Lease } from '../../../../ports/job-store.ts'
import { finishMatches, releaseMatches } from '../hold-matches.ts'
import { lookAt } from '../look-at.ts'
import type { Tables } from '../tables.ts'
import { addEvent } from './events.ts'

/** Carries out a step with all that belongs to it, or nothing. */
export async function advanceJob(db: Kysely<Tables>, id: string, { token }: Lease, step: JobStep): Promise<boolean> {
  const { from, to } = step
  if (from.state !== to.state && !mayFollow(from.state, to.state)) {
    throw new LetheError('internal', `a job does not go from ${from.state} to ${to.state}; please report it`)
  }
  if (to.phase === 'PLAN') await lookAt(db, ['tasks', 'task_hits', 'job_matches', 'match_shares'])
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pass: number }>`
      UPDATE jobs SET
        state = ${to.state}, phase = ${to.phase ?? null}::text,
        failures = 0, not_before = NULL,
        started_at = coalesce(started_at, now()),
        ended_at = CASE WHEN ${isAtRest(to.state) && to.state !== 'AWAITING_APPROVAL'}::boolean THEN now() END,
        error_code = ${step.error?.code ?? null}::text, error_message = ${step.error?.message ?? null}::text,
        plan = coalesce(${step.plan === undefined ? null : JSON.stringify(step.plan.plan)}::jsonb, plan),
        scope_hash = coalesce(${step.plan?.scopeHash ?? null}::text, scope_hash),
        approval_expires_at = now() + ${step.approvalHours ?? null}::float8 * interval '1 h'
      WHERE id = ${id}::uuid AND lease_token = ${token}::bigint AND leased_until > now()
        AND state = ${from.state} AND phase IS NOT DISTINCT FROM ${from.phase ?? null}::text
      RETURNING pass`.execute(transaction)
    if (rows.length === 0) return false
    await carryOut(transaction, id, { step, pass: rows[0]!.pass })
    await addEvent(transaction, id, { kind: to.phase ?? to.state, ...step.event })
    return true
  })
}

async function carryOut(
  transaction: Transaction<Tables>,
  id: string,
  { step, pass }: { readonly step: JobStep; readonly pass: number },
): Promise<void> {
  if (step.plan !== undefined) await setBounds(transaction, id, step.plan.plan.bounds)
  if (step.make === 'list') {
    await sql`UPDATE job_mappers SET listed_at = NULL WHERE job_id = ${id}::uuid`.execute(transaction)
  }
  if (step.make === 'forget') await makeForgetTasks(transaction, id, pass)
  if (step.matches === 'release') await releaseMatches(transaction, id)
  if (step.matches === 'finish') await finishMatches(transaction, id)
}

export async function setBounds(
  transaction: Transaction<Tables>,
  id: string,
  bounds: readonly { readonly mapper: string; readonly objects: number; readonly rows: number }[],
): Promise<void> {
  await sql`
    UPDATE job_mappers SET bound_objects = b.objects, bound_rows = b.rows
    FROM jsonb_to_recordset(${JSON.stringify(bounds)}::jsonb) AS b (mapper text, objects bigint, rows bigint)
    WHERE job_id = ${id}::uuid AND name = b.mapper`.execute(transaction)
}

/**
 * In the first pass of what the find found; in a later one of what the one before left: not done, or found once more. What
 * the listing of the verify did not name any more is gone, whoever removed it.
 */
export async function makeForgetTasks(transaction: Transaction<Tables>, id: string, pass: number): Promise<void> {
  await sql`
    INSERT INTO tasks (job_id, phase, pass, mapper, store, object_key, object_id, version_id, owner_id, uri, action, state, detail)
    SELECT DISTINCT ON (mapper, object_id, version_id)
      job_id, 'FORGET', ${pass}::int, mapper, store, object_key, object_id, version_id, owner_id, uri, 'edit',
      'planned', jsonb_build_object('size', coalesce(detail -> 'size', '0'::jsonb), 'linkPath', detail -> 'linkPath',
        'ownerKey', detail -> 'ownerKey', 'isAloof', detail -> 'isAloof')
    FROM tasks t
    WHERE job_id = ${id}::uuid AND (
      (phase = 'FIND' AND ${pass}::int = 1 AND state = 'done' AND (rows_matched > 0 OR detail ->> 'action' = 'remove'))
      OR (pass = ${pass}::int - 1 AND phase = 'FORGET' AND state IN ('refused', 'failed') AND (
        EXISTS (SELECT 1 FROM job_mappers m WHERE m.job_id = t.job_id AND m.name = t.mapper AND m.listed_at IS NULL)
        OR EXISTS (
          SELECT 1 FROM tasks v
          WHERE v.job_id = t.job_id AND v.phase = 'VERIFY' AND v.pass = t.pass AND v.object_id = t.object_id
            AND v.mapper = t.mapper AND v.version_id IS NOT DISTINCT FROM t.version_id)))
      OR (pass = ${pass}::int - 1 AND phase = 'VERIFY' AND (
        state IN ('refused', 'failed') OR rows_matched > 0 OR detail ->> 'action' = 'remove')))
    ORDER BY mapper, object_id, version_id, id
    ON CONFLICT DO NOTHING`.execute(transaction)
}
