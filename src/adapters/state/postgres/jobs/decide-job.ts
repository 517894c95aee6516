import { type Kysely, sql, type Transaction } from 'kysely'
import { LetheError } from '../../../../domain/error.ts'
import { type JobState, mayFollow } from '../../../../domain/job.ts'
import type { Decision, Job, JobStore } from '../../../../ports/job-store.ts'
import { releaseMatches } from '../hold-matches.ts'
import type { Tables } from '../tables.ts'
import { makeForgetTasks, setBounds } from './advance-job.ts'
import { addEvent } from './events.ts'
import { type JobRow, jobColumns, jobOf } from './job-row.ts'

/** A person's yes to exactly the scope that was looked at: the job goes on where it waited, in FORGET. */
export async function approveJob(
  db: Kysely<Tables>,
  id: string,
  { acceptsFuses, ...decision }: Parameters<JobStore['approve']>[1],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const job = await takeWaiting(transaction, id, decision)
    requireApprover(job, decision)
    if (!job.options.selfApproval && job.requestedBy === decision.by) {
      throw new LetheError('not-permitted', 'whoever asked for a job does not approve it; somebody else has to')
    }
    if ((job.plan?.fuses.length ?? 0) > 0 && !acceptsFuses) {
      throw new LetheError(
        'not-permitted',
        'a match hits so many rows that it is hardly a person; accept that explicitly',
      )
    }
    await addApproval(transaction, id, { decision: 'APPROVED', acceptsFuses, ...decision })
    await sql`
      UPDATE jobs SET state = 'RUNNING', phase = 'FORGET', approval_expires_at = NULL
      WHERE id = ${id}::uuid`.execute(transaction)
    await setBounds(transaction, id, job.plan?.bounds ?? [])
    await makeForgetTasks(transaction, id, job.pass)
    await addEvent(transaction, id, { kind: 'APPROVED', by: decision.by, scope: decision.scopeHash, acceptsFuses })
  })
}

export async function rejectJob(db: Kysely<Tables>, id: string, decision: Decision): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    requireApprover(await takeWaiting(transaction, id, decision), decision)
    await addApproval(transaction, id, { decision: 'REJECTED', acceptsFuses: false, ...decision })
    await endJob(transaction, id, 'REJECTED')
    await addEvent(transaction, id, { kind: 'REJECTED', by: decision.by, scope: decision.scopeHash })
  })
}

/** What works on a job stops at its next step; a job at which nobody works is at its end at once. */
export async function cancelJob(db: Kysely<Tables>, id: string, { by }: { readonly by: string }): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const { state } = await take(transaction, id)
    if (state !== 'RUNNING' && !mayFollow(state, 'CANCELLED')) throw wrongState(state)
    if (state === 'RUNNING') {
      await sql`
        UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, now())
        WHERE id = ${id}::uuid`.execute(transaction)
    } else await endJob(transaction, id, 'CANCELLED')
    await addEvent(transaction, id, { kind: 'CANCEL_REQUESTED', by })
  })
}

/** A new pass over what is not done. */
export async function retryJob(db: Kysely<Tables>, id: string, { by }: { readonly by: string }): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const { state, pass } = await take(transaction, id)
    if (state === 'COMPLETED_CLEANUP_FAILED') {
      await sql`
        UPDATE jobs SET state = 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS', ended_at = NULL, error_code = NULL,
          error_message = NULL WHERE id = ${id}::uuid`.execute(transaction)
    } else if (mayFollow(state, 'RUNNING') && state !== 'QUEUED' && state !== 'AWAITING_APPROVAL') {
      await sql`
        UPDATE jobs SET state = 'RUNNING', phase = 'FORGET', pass = ${pass + 1}::int, ended_at = NULL,
          error_code = NULL, error_message = NULL WHERE id = ${id}::uuid`.execute(transaction)
      await uncount(transaction, id, pass)
      await makeForgetTasks(transaction, id, pass + 1)
    } else throw wrongState(state)
    await addEvent(transaction, id, { kind: 'RETRIED', by })
  })
}

/**
 * What was agreed to and not done is there to be used by the next try. A task that may have written all the same, its
 * worker lost or its answer, stays counted: rather one question too many than a row more than was agreed to.
 */
async function uncount(transaction: Transaction<Tables>, id: string, pass: number): Promise<void> {
  const undone = sql`
    job_id = ${id}::uuid AND phase = 'FORGET' AND pass = ${pass}::int AND state IN ('refused', 'failed')
    AND pinned_rows IS NOT NULL AND NOT detail ?| ARRAY['after', 'erasedAt', 'removed']
    AND error_code NOT IN ('worker-lost', 'outcome-unknown')`
  await sql`
    UPDATE job_mappers m SET pinned_objects = pinned_objects - t.objects, pinned_rows = m.pinned_rows - t.rows
    FROM (
      SELECT mapper, count(*) AS objects, sum(pinned_rows)::bigint AS rows FROM tasks WHERE ${undone} GROUP BY mapper) t
    WHERE m.job_id = ${id}::uuid AND m.name = t.mapper`.execute(transaction)
  await sql`UPDATE tasks SET pinned_rows = NULL WHERE ${undone}`.execute(transaction)
}

/** More was met than was agreed to: the job waits again, for a yes to the wider scope. */
export async function askAgain(
  db: Kysely<Tables>,
  id: string,
  { fromHash, plan, scopeHash }: Parameters<JobStore['askAgain']>[1],
): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql`
      UPDATE jobs SET state = 'AWAITING_APPROVAL', phase = NULL, plan = ${JSON.stringify(plan)}::jsonb,
        scope_hash = ${scopeHash},
        approval_expires_at = now() + (options ->> 'approvalHours')::float8 * interval '1 h'
      WHERE id = ${id}::uuid AND state = 'RUNNING' AND phase = 'FORGET' AND scope_hash = ${fromHash}
      RETURNING 1`.execute(transaction)
    if (rows.length === 0) return false
    await addEvent(transaction, id, { kind: 'AWAITING_APPROVAL', scope: scopeHash, drift: plan.drifts.at(-1) })
    return true
  })
}

async function takeWaiting(transaction: Transaction<Tables>, id: string, { scopeHash }: Decision): Promise<Job> {
  const job = await take(transaction, id)
  if (job.state !== 'AWAITING_APPROVAL') throw wrongState(job.state)
  if (job.scopeHash !== scopeHash) {
    throw new LetheError('wrong-state', 'the plan has changed since; look at it and decide again')
  }
  if (job.hasExpired) throw new LetheError('wrong-state', 'the time for an approval is over; start a new job')
  return job
}

function requireApprover({ options }: Pick<Job, 'options'>, { by }: Pick<Decision, 'by'>): void {
  if (options.approvers?.includes(by) ?? true) return
  throw new LetheError('not-permitted', 'the policy names who may decide, and this is somebody else')
}

async function take(transaction: Transaction<Tables>, id: string): Promise<Job & { readonly hasExpired: boolean }> {
  const { rows } = await sql<JobRow & { readonly has_expired: boolean }>`
    SELECT ${jobColumns}, coalesce(approval_expires_at <= now(), false) AS has_expired
    FROM jobs WHERE id = ${id}::uuid FOR UPDATE`.execute(transaction)
  const row = rows[0]
  if (row === undefined) throw new LetheError('not-found', 'there is no such job; see lethe jobs list')
  return { ...jobOf(row), hasExpired: row.has_expired }
}

async function endJob(transaction: Transaction<Tables>, id: string, state: JobState): Promise<void> {
  await sql`
    UPDATE jobs SET state = ${state}, phase = NULL, ended_at = now(), approval_expires_at = NULL
    WHERE id = ${id}::uuid`.execute(transaction)
  await releaseMatches(transaction, id)
}

async function addApproval(
  transaction: Transaction<Tables>,
  id: string,
  {
    decision,
    scopeHash,
    by,
    comment,
    acceptsFuses,
  }: Decision & { readonly decision: 'APPROVED' | 'REJECTED'; readonly acceptsFuses: boolean },
): Promise<void> {
  await sql`
    INSERT INTO approvals (job_id, decision, scope_hash, decided_by, comment, accepts_fuses)
    VALUES (${id}::uuid, ${decision}, ${scopeHash}, ${by}, ${comment}, ${acceptsFuses}::boolean)`.execute(transaction)
}

function wrongState(state: JobState): LetheError {
  return new LetheError('wrong-state', `the job is ${state}; that cannot be done there`)
}
