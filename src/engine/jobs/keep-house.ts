import type { JobStore } from '../../ports/job-store.ts'
import { writeReceipts } from './write-receipts.ts'

type Jobs = Pick<JobStore, 'owingReceipts' | 'removeDetails' | 'mappers' | 'withoutReceipt' | 'addReceipts'>

/** Puts on record what was erased by jobs that a person ended, and removes details of jobs that ended long ago. */
export async function keepHouse(jobs: Jobs, { keepDetailsDays }: { readonly keepDetailsDays: number }): Promise<void> {
  for (const id of await jobs.owingReceipts()) await writeReceipts(jobs, id, { isScopeClean: false })
  await jobs.removeDetails({ olderThanDays: keepDetailsDays })
}
