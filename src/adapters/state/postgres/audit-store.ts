import { type Kysely, sql } from 'kysely'
import type { AuditEvent, AuditStore } from '../../../ports/audit-store.ts'
import type { Tables } from './tables.ts'

export function makeAuditStore(db: Kysely<Tables>): AuditStore {
  return {
    async list({ after, limit }) {
      const { rows } = await sql<AuditEvent>`
        SELECT id, at, kind, job_id AS "jobId", detail FROM events
        WHERE detail ? 'by' AND id > ${after}::bigint ORDER BY id LIMIT ${limit}::int`.execute(db)
      return rows
    },
  }
}
