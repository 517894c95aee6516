import type { LetheError, Outcome } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'

/** The one table from what an error means to the exit status of the command. */
const statuses: Readonly<Record<Outcome, number>> = {
  usage: 2,
  refused: 3,
  failed: 3,
  declined: 1,
  internal: 1,
  interrupted: 130,
}

/** Exit status of a run that an error ended. */
export function exitStatusOfError({ outcome }: Pick<LetheError, 'outcome'>): number {
  return statuses[outcome]
}

/** Exit status of a run that came to its report. */
export function exitStatusOfRun({
  reports,
  interrupted,
}: {
  readonly reports: readonly Pick<ObjectReport, 'status'>[]
  readonly interrupted: boolean
}): number {
  if (interrupted) return statuses.interrupted
  if (reports.some(({ status }) => status === 'failed')) return statuses.failed
  return reports.some(({ status }) => status === 'refused') ? statuses.refused : 0
}
