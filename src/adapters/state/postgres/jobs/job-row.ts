import { sql } from 'kysely'
import type { JobPhase, JobState } from '../../../../domain/job.ts'
import type { Plan } from '../../../../domain/plan.ts'
import type { Job, JobOptions } from '../../../../ports/job-store.ts'

export interface JobRow {
  readonly id: string
  readonly state: JobState
  readonly phase: JobPhase | null
  readonly pass: number
  readonly options: JobOptions
  readonly requested_by: string
  readonly created_at: Date
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly plan: Plan | null
  readonly scope_hash: string | null
  readonly approval_expires_at: Date | null
  readonly cancel_requested_at: Date | null
  readonly failures: number
  readonly details_removed_at: Date | null
  readonly error_code: string | null
  readonly error_message: string | null
  readonly lease_token: number
}

export const jobColumns = sql.raw(
  `id, state, phase, pass, options, requested_by, created_at, started_at, ended_at, plan, scope_hash,
   approval_expires_at, cancel_requested_at, failures, details_removed_at, error_code, error_message, lease_token`,
)

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    state: row.state,
    phase: row.phase,
    pass: row.pass,
    options: row.options,
    requestedBy: row.requested_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    plan: row.plan,
    scopeHash: row.scope_hash,
    approvalExpiresAt: row.approval_expires_at,
    cancelRequestedAt: row.cancel_requested_at,
    failures: row.failures,
    detailsRemovedAt: row.details_removed_at,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  }
}
