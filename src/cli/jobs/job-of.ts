import { LetheError } from '../../domain/error.ts'
import type { Job, JobStore } from '../../ports/job-store.ts'

/**
 * The job that an id, or its first characters, name.
 *
 * @throws LetheError `not-found` where there is none, or where there are several
 */
export async function jobOf({ jobs }: { readonly jobs: Pick<JobStore, 'list'> }, start: string): Promise<Job> {
  const [job, other] = (await jobs.list()).filter(({ id }) => id.startsWith(start))
  if (job === undefined) throw new LetheError('not-found', 'there is no such job; see lethe jobs list')
  if (other !== undefined) throw new LetheError('not-found', 'several jobs begin so; give more of the id')
  return job
}

/** @throws LetheError `not-found` where they were removed: an empty list would look as if there had been nothing */
export function requireDetails(job: Job): Job {
  if (job.detailsRemovedAt === null) return job
  throw new LetheError('not-found', 'the details of the job were removed (jobs.keepDetailsDays); see lethe jobs report')
}
