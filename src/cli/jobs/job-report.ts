import type { ChainedReceipt } from '../../domain/receipt.ts'
import type { Job, RequestFindings } from '../../ports/job-store.ts'

/** What a job did, and the evidence. */
export interface JobReport {
  readonly job: Job
  readonly requests: readonly RequestFindings[]
  readonly receipts: readonly ChainedReceipt[]
}

/** When no old version held the rows any more, or will. */
export function goneWords({ goneAt, goneAfter }: ChainedReceipt['body']): string {
  if (goneAt !== null) return goneAt
  return goneAfter === null ? '' : `not before ${goneAfter}`
}
