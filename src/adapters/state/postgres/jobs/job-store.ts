import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { DataMapper } from '../../../../domain/data-mapper.ts'
import type { Job, JobMapper, JobStore, Progress, RequestFindings } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { advanceJob } from './advance-job.ts'
import { claimTasks } from './claim-tasks.ts'
import { approveJob, askAgain, cancelJob, rejectJob, retryJob } from './decide-job.ts'
import { readEvents } from './events.ts'
import {
  countMatches,
  readFindings,
  readLargeHits,
  readNames,
  readNotFound,
  readProgress,
  readTasks,
  readUnsearched,
  readWarnings,
} from './findings.ts'
import { type JobRow, jobColumns, jobOf } from './job-row.ts'
import { leaseJob, postponeJob, releaseJob, renewJob } from './lease-job.ts'
import { addTasks, markListed, matchesDigest, mergeMatches } from './list-tasks.ts'
import { addReceipts, isFirst, readReceipts, readWithoutReceipt } from './receipts.ts'
import { endTasks, giveBackTasks, mayCommit, pinTask, postponeTask, recordTask, renewTasks } from './record-task.ts'
import { readOwing, removeDetails } from './remove-details.ts'
import { readRequests } from './requests.ts'
import { startJob } from './start-job.ts'

/** Jobs and tasks as rows: the rows are the queue, in the same transactions as what they lead to. */
export function makeJobStore(db: Kysely<Tables>): JobStore {
  return {
    start: (request) => startJob(db, request),
    get: (id) => readJob(db, id),
    list: () => readJobs(db),
    mappers: (id) => readMappers(db, id),

    leaseJob: (options) => leaseJob(db, options),
    renewJob: (id, lease, options) => renewJob(db, id, lease, options),
    releaseJob: (id, lease) => releaseJob(db, id, lease),
    postponeJob: (id, lease, options) => postponeJob(db, id, lease, options),
    advance: (id, lease, step) => advanceJob(db, id, lease, step),

    mergeMatches: (id, lease, merged) => mergeMatches(db, id, lease, merged),
    matchesDigest: (id) => matchesDigest(db, id, createHash('sha256')),
    addTasks: (id, lease, tasks) => addTasks(db, id, lease, tasks),
    markListed: (id, lease, mapper) => markListed(db, id, lease, mapper),

    claim: (options) => claimTasks(db, options),
    renew: (tasks, options) => renewTasks(db, tasks, options),
    pin: (task, step) => pinTask(db, task, step),
    mayCommit: (task) => mayCommit(db, task),
    record: (task, step) => recordTask(db, task, step),
    end: (ends) => endTasks(db, ends),
    giveBack: (tasks) => giveBackTasks(db, tasks),
    postpone: (task, options) => postponeTask(db, task, options),
    askAgain: (id, request) => askAgain(db, id, request),

    findings: (id, phase, pass) => readFindings(db, id, phase, pass),
    names: (id, phase, pass) => readNames(db, id, phase, pass),
    unsearched: (id, phase, pass) => readUnsearched(db, id, phase, pass),
    warnings: (id, phase, pass) => readWarnings(db, id, phase, pass),
    largeHits: (id, options) => readLargeHits(db, id, options),
    matchCounts: (id) => countMatches(db, id),
    requests: async (id) => (await readSums(db, id))?.requests ?? (await readRequests(db, id)),
    notFound: (id, options) => readNotFound(db, id, options),
    progress: async (id) => (await readSums(db, id))?.progress ?? (await readProgress(db, id)),
    tasks: (id, options) => readTasks(db, id, options),

    approve: (id, decision) => approveJob(db, id, decision),
    reject: (id, decision) => rejectJob(db, id, decision),
    cancel: (id, request) => cancelJob(db, id, request),
    retry: (id, request) => retryJob(db, id, request),

    events: (id, options) => readEvents(db, id, options),
    receipts: (id, options) => readReceipts(db, id, options),
    owingReceipts: () => readOwing(db),
    removeDetails: (options) => removeDetails(db, options),
    addReceipts: (id, receipts) => addReceipts(db, id, receipts),
    withoutReceipt: (id, options) => readWithoutReceipt(db, id, options),
    isFirst: (task) => isFirst(db, task),
  }
}

async function readJob(db: Kysely<Tables>, id: string): Promise<Job | undefined> {
  const { rows } = await sql<JobRow>`SELECT ${jobColumns} FROM jobs WHERE id = ${id}::uuid`.execute(db)
  return rows[0] === undefined ? undefined : jobOf(rows[0])
}

async function readJobs(db: Kysely<Tables>): Promise<readonly Job[]> {
  const { rows } = await sql<JobRow>`SELECT ${jobColumns} FROM jobs ORDER BY created_at, id`.execute(db)
  return rows.map(jobOf)
}

/** What the details of a job came to, once they are removed. */
async function readSums(
  db: Kysely<Tables>,
  id: string,
): Promise<{ readonly requests: readonly RequestFindings[]; readonly progress: readonly Progress[] } | undefined> {
  const { rows } = await sql<{ requests: readonly RequestFindings[]; progress: readonly Progress[] }>`
    SELECT requests, progress FROM jobs WHERE id = ${id}::uuid AND details_removed_at IS NOT NULL`.execute(db)
  return rows[0]
}

async function readMappers(db: Kysely<Tables>, id: string): Promise<readonly JobMapper[]> {
  const { rows } = await sql<{ definition: DataMapper; version: number; listed_at: Date | null }>`
    SELECT definition, version, listed_at FROM job_mappers WHERE job_id = ${id}::uuid ORDER BY name`.execute(db)
  return rows.map(({ definition, version, listed_at }) => ({ mapper: definition, version, listedAt: listed_at }))
}
