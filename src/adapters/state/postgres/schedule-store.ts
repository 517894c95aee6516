import { type Kysely, sql } from 'kysely'
import { LetheError } from '../../../domain/error.ts'
import { expressionOf } from '../../../domain/schedule.ts'
import type { ScheduleRun, ScheduleStore } from '../../../ports/schedule-store.ts'
import { startJobIn } from './jobs/start-job.ts'
import type { Tables } from './tables.ts'

export function makeScheduleStore(db: Kysely<Tables>): ScheduleStore {
  return {
    async now() {
      const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(db)
      return rows[0]!.now
    },
    async register(schedules, { now }) {
      const rows = schedules.map((schedule) => ({ name: schedule.name, expression: expressionOf(schedule) }))
      await sql`
        INSERT INTO schedules (name, expression, since)
        SELECT name, expression, ${now}::timestamptz
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS s (name text, expression text)
        ON CONFLICT (name) DO UPDATE SET expression = EXCLUDED.expression, since = EXCLUDED.since
        WHERE schedules.expression <> EXCLUDED.expression`.execute(db)
      const { rows: known } = await sql<{ name: string; until: Date }>`
        SELECT s.name, greatest(s.since, max(r.due_at)) AS until
        FROM schedules s LEFT JOIN schedule_runs r ON r.schedule = s.name GROUP BY s.name, s.since`.execute(db)
      return new Map(known.map(({ name, until }) => [name, until]))
    },
    async begin(run) {
      try {
        return await beginOnce(db, run)
      } catch (error) {
        if (!(error instanceof LetheError && error.outcome !== 'failed' && error.outcome !== 'internal')) throw error
        const { code, message } = error
        return await db.transaction().execute((transaction) => insertRun(transaction, run, { code, message }))
      }
    },
    lastRuns: () => readLastRuns(db),
  }
}

type Run = Parameters<ScheduleStore['begin']>[0]

/** The row comes first: whoever is at the same instant waits for it, and not for the matches. */
async function beginOnce(db: Kysely<Tables>, run: Run): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    if (!(await insertRun(transaction, run, null))) return false
    const { schedule, dueAt, jobId: id, requestedBy, options } = run
    await startJobIn(transaction, { id, requestedBy, options })
    await sql`
      UPDATE schedule_runs SET job_id = ${id}::uuid
      WHERE schedule = ${schedule} AND due_at = ${dueAt}::timestamptz`.execute(transaction)
    return true
  })
}

async function insertRun(db: Kysely<Tables>, { schedule, dueAt }: Run, error: ScheduleRun['error']): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO schedule_runs (schedule, due_at, error_code, error_message)
    VALUES (${schedule}, ${dueAt}::timestamptz, ${error?.code ?? null}::text, ${error?.message ?? null}::text)
    ON CONFLICT DO NOTHING RETURNING 1`.execute(db)
  return rows.length === 1
}

interface RunRow {
  readonly schedule: string
  readonly due_at: Date
  readonly handled_at: Date
  readonly job_id: string | null
  readonly error_code: string | null
  readonly error_message: string | null
}

async function readLastRuns(db: Kysely<Tables>): Promise<readonly ScheduleRun[]> {
  const { rows } = await sql<RunRow>`
    SELECT DISTINCT ON (schedule) schedule, due_at, handled_at, job_id, error_code, error_message
    FROM schedule_runs ORDER BY schedule, due_at DESC`.execute(db)
  return rows.map(({ schedule, due_at, handled_at, job_id, error_code, error_message }) => ({
    schedule,
    dueAt: due_at,
    handledAt: handled_at,
    jobId: job_id,
    error: error_code === null ? null : { code: error_code, message: error_message ?? '' },
  }))
}
