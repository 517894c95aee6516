import { reportFinding } from '../engine/report-object.ts'
import type { SearchArguments } from './command-line.ts'
import { exitStatusOfRun } from './exit-status.ts'
import { printReport } from './report.ts'
import { searchTargets } from './search-targets.ts'

/** `lethe find`: yields the exit status. */
export async function runFind(request: SearchArguments, options: { readonly signal: AbortSignal }): Promise<number> {
  const searched = await searchTargets(request, options)
  const { findings, skipped, interrupted } = searched.found
  const run = { reports: findings.map(reportFinding), skipped, interrupted }
  printReport(run, searched, request)
  return exitStatusOfRun(run)
}
