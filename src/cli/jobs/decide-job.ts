import { LetheError } from '../../domain/error.ts'
import { writeReceipts } from '../../engine/jobs/write-receipts.ts'
import type { JobStore } from '../../ports/job-store.ts'
import { actorOf, withWorkspace } from '../configured/with-workspace.ts'
import { jobOf } from './job-of.ts'
import { jobDocument, jobText } from './job-text.ts'
import type { ActOptions, DecisionOptions } from './jobs-options.ts'

/** `lethe jobs approve` and `lethe jobs reject`: yields the exit status. */
export async function runJobsDecide(
  decision: 'approve' | 'reject',
  start: string,
  options: DecisionOptions,
): Promise<number> {
  const { comment, acceptFuse = false } = options
  return await withWorkspace(options, async (workspace) => {
    const { id, scopeHash } = await jobOf(workspace, start)
    const about = { by: actorOf(options.by), comment, scopeHash: requireScope(scopeHash, options) }
    if (decision === 'approve') await workspace.jobs.approve(id, { ...about, acceptsFuses: acceptFuse })
    else await workspace.jobs.reject(id, about)
    await keepEvidence(workspace.jobs, id)
    return await printState(workspace, id, options)
  })
}

/** `lethe jobs cancel` and `lethe jobs retry`: yields the exit status. */
export async function runJobsAct(act: 'cancel' | 'retry', start: string, options: ActOptions): Promise<number> {
  return await withWorkspace(options, async (workspace) => {
    const { id } = await jobOf(workspace, start)
    await workspace.jobs[act](id, { by: actorOf(options.by) })
    await keepEvidence(workspace.jobs, id)
    return await printState(workspace, id, options)
  })
}

/** A job that waited for a second time has erased something: where it is ended now, that is put on record. */
async function keepEvidence(jobs: JobStore, id: string): Promise<void> {
  if ((await jobs.owingReceipts()).includes(id)) await writeReceipts(jobs, id, { isScopeClean: false })
}

const minScope = 8

function requireScope(hash: string | null, { scope }: Pick<DecisionOptions, 'scope'>): string {
  if (hash === null) throw new LetheError('wrong-state', 'the job has no plan yet; see lethe jobs show')
  if (scope === undefined) return hash
  if (scope.length < minScope) throw new LetheError('invalid-argument', `--scope takes ${minScope} characters or more`)
  if (hash.startsWith(scope)) return hash
  throw new LetheError('wrong-state', 'the plan has another scope now; look at it and decide again')
}

async function printState(
  { jobs }: Parameters<Parameters<typeof withWorkspace>[1]>[0],
  id: string,
  { json = false }: { readonly json?: boolean },
): Promise<number> {
  const job = (await jobs.get(id))!
  const progress = await jobs.progress(id)
  process.stdout.write(json ? `${JSON.stringify(jobDocument(job, progress), undefined, 2)}\n` : jobText(job, progress))
  return 0
}
