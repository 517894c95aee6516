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
