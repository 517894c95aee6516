import type { JobState } from '../../domain/job.ts'
import type { Job, Progress } from '../../ports/job-store.ts'
import { counted, grouped, printable, sized } from '../printable.ts'
import { tableLines } from '../table.ts'

/** Where a job is, for people. */
export function jobText(job: Job, progress: readonly Progress[]): string {
  const lines = [
    `job ${job.id}: ${placeOf(job)}`,
    `requested by ${printable(job.requestedBy)} ${job.createdAt.toISOString()}${job.options.dryRun ? ', a dry run' : ''}`,
    ...(job.plan === null ? [] : [foundWords(job.plan.matches)]),
    ...(progress.length === 0 ? [] : tableLines(header, progress.map(cellsOf))),
    ...(job.error === null ? [] : [`${job.error.code}: ${printable(job.error.message)}`]),
    ...(nextSteps[job.state]?.(job) ?? []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

export function placeOf({ state, phase, cancelRequestedAt }: Job): string {
  const where = phase === null ? state : `${state} ${phase}`
  return cancelRequestedAt !== null && state === 'RUNNING' ? `${where}, to be cancelled` : where
}

export function foundWords({ all, found, notFound }: { all: number; found: number; notFound: number }): string {
  return `${counted(all, 'match', 'matches')}: ${grouped(found)} found, ${grouped(notFound)} not found`
}

const header = ['phase', 'pass', 'objects', 'done', 'refused', 'failed', 'rows', 'read']

function cellsOf({ phase, pass, all, ended, refused, failed, rows, bytesRead }: Progress): string[] {
  return [phase, String(pass), ...[all, ended, refused, failed, rows].map(grouped), sized(bytesRead)]
}

/** What a person can do now. */
const nextSteps: Partial<Readonly<Record<JobState, (job: Job) => readonly string[]>>> = {
  QUEUED: () => ['waits for a worker: lethe worker'],
  AWAITING_APPROVAL: (job) => [
    `waits for an approval until ${job.approvalExpiresAt?.toISOString() ?? 'then'}`,
    `  lethe jobs plan ${job.id}`,
    `  lethe jobs approve ${job.id} --scope ${(job.scopeHash ?? '').slice(0, 12)} --comment TEXT`,
  ],
  FORGET_FAILED: (job) => [`  lethe jobs retry ${job.id}`],
  FORGET_PARTIALLY_FAILED: (job) => [`  lethe jobs objects ${job.id} --state refused`, `  lethe jobs retry ${job.id}`],
  COMPLETED_CLEANUP_FAILED: (job) => [`  lethe jobs retry ${job.id}`],
}

/** The same for programs. */
export function jobDocument(job: Job, progress: readonly Progress[]) {
  const { id, state, phase, pass, options, requestedBy, createdAt, startedAt, endedAt, scopeHash, error } = job
  return {
    id,
    state,
    phase,
    pass,
    dryRun: options.dryRun,
    requestedBy,
    createdAt,
    startedAt,
    endedAt,
    scope: scopeHash,
    approvalExpiresAt: job.approvalExpiresAt,
    cancelRequestedAt: job.cancelRequestedAt,
    matches: job.plan?.matches ?? null,
    progress,
    error,
  }
}
