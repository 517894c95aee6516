import type { ColumnType, Generated } from 'kysely'
import type { DataMapper } from '../../../domain/data-mapper.ts'
import type { JobPhase, JobState } from '../../../domain/job.ts'
import type { MatchState } from '../../../ports/queue-store.ts'

/** Every table of the state, as `migrations/` makes them, which say what each column is for. */
export interface Tables {
  migrations: MigrationsTable
  mappers: MappersTable
  batches: BatchesTable
  matches: MatchesTable
  jobs: JobsTable
  job_mappers: JobMappersTable
  job_matches: JobMatchesTable
  match_shares: MatchSharesTable
  tasks: TasksTable
  task_hits: TaskHitsTable
  object_claims: ObjectClaimsTable
  approvals: ApprovalsTable
  events: EventsTable
  receipts: ReceiptsTable
  schedules: SchedulesTable
  schedule_runs: ScheduleRunsTable
}

/** Read as a value, written as its JSON text: a bare array would be taken for an array of the database. */
type Json<Value> = ColumnType<Value, string, string>
type GeneratedJson<Value> = ColumnType<Value, string | undefined, string>
type Document = Readonly<Record<string, unknown>>
/** Calendar dates are texts, `YYYY-MM-DD`; the driver's `Date` would be midnight somewhere. */
type DateText = string

interface MigrationsTable {
  number: number
  applied_at: Generated<Date>
}

interface MappersTable {
  name: string
  definition: Json<DataMapper>
  version: Generated<number>
  created_at: Generated<Date>
  changed_at: Generated<Date>
}

interface BatchesTable {
  id: string
  key_id: string
  added_by: string
  added_at: Generated<Date>
  key_destroyed_at: Date | null
}

interface MatchesTable {
  id: Generated<number>
  batch_id: string
  ordinal: number
  sealed: Uint8Array | null
  digest: Uint8Array | null
  mappers: string[] | null
  reference: string | null
  received_on: DateText
  due_on: DateText
  deadline: string
  state: Generated<MatchState>
  held_by: Generated<string | null>
  added_at: Generated<Date>
  finished_at: Date | null
}

interface JobsTable {
  id: string
  state: Generated<JobState>
  phase: JobPhase | null
  pass: Generated<number>
  options: Json<Document>
  requested_by: string
  created_at: Generated<Date>
  started_at: Date | null
  ended_at: Date | null
  plan: Json<Document> | null
  scope_hash: string | null
  approval_expires_at: Date | null
  cancel_requested_at: Date | null
  error_code: string | null
  error_message: string | null
  lease_token: Generated<number>
  leased_until: Date | null
}

interface JobMappersTable {
  job_id: string
  name: string
  version: number
  definition: Json<DataMapper>
  listed_at: Date | null
}

interface JobMatchesTable {
  job_id: string
  position: number
  match_id: number
  same_as: number | null
}

interface MatchSharesTable {
  job_id: string
  mapper: string
  position: number
  owner: number
}

interface TasksTable {
  id: Generated<number>
  job_id: string
  mapper: string
  kind: Generated<string>
  action: Generated<string>
  phase: JobPhase
  store: string
  object_key: string
  version_id: string | null
  uri: string
  state: string
  detail: GeneratedJson<Document>
  rows_matched: Generated<number>
  error_code: string | null
  error_message: string | null
  attempts: Generated<number>
  lease_token: Generated<number>
  leased_until: Date | null
  ended_at: Date | null
}

interface TaskHitsTable {
  task_id: number
  position: number
  row_count: number
}

interface ObjectClaimsTable {
  store: string
  object_key: string
  task_id: number
  lease_token: number
  leased_until: Date
}

interface ApprovalsTable {
  id: Generated<number>
  job_id: string
  decision: 'APPROVED' | 'REJECTED'
  scope_hash: string
  decided_by: string
  comment: string
  accepts_fuses: Generated<boolean>
  decided_at: Generated<Date>
}

interface EventsTable {
  id: Generated<number>
  job_id: string | null
  kind: string
  detail: GeneratedJson<Document>
  at: Generated<Date>
}

interface SchedulesTable {
  name: string
  expression: string
  since: Date
}

interface ScheduleRunsTable {
  schedule: string
  due_at: Date
  handled_at: Generated<Date>
  job_id: string | null
  error_code: string | null
  error_message: string | null
}

interface ReceiptsTable {
  job_id: string
  position: number
  task_id: number
  body: Json<Document>
  previous_hash: string
  hash: string
}
