import type { DataMapper } from '../../domain/data-mapper.ts'
import type { Receipt } from '../../domain/receipt.ts'
import type { EndedTask, JobStore } from '../../ports/job-store.ts'
import type { ObjectVersion } from '../../ports/object-store.ts'

const chunkReceipts = 500

/** Writes the receipts of all erasures of a job that have none yet, in order. To call it again is safe. */
export async function writeReceipts(
  jobs: Pick<JobStore, 'mappers' | 'withoutReceipt' | 'addReceipts'>,
  jobId: string,
  { isScopeClean }: { readonly isScopeClean: boolean },
): Promise<void> {
  const mappers = new Map((await jobs.mappers(jobId)).map(({ mapper }) => [mapper.name, mapper]))
  for (;;) {
    const tasks = await jobs.withoutReceipt(jobId, { limit: chunkReceipts })
    if (tasks.length === 0) return
    await jobs.addReceipts(
      jobId,
      tasks.map((task) => ({ taskId: task.id, body: receiptOf(task, mappers.get(task.mapper)!, isScopeClean) })),
    )
  }
}

function receiptOf(task: EndedTask, mapper: DataMapper, isScopeClean: boolean): Receipt {
  const { detail, object, reason } = task
  const isErased = task.state === 'done' && (task.phase === 'CLEANUP' || detail.erasedAt !== undefined)
  const erased = isErased ? task.rowsMatched : 0
  const keeps =
    mapper.oldVersions !== 'delete' && (detail.warnings ?? []).some(({ code }) => code === 'old-versions-kept')
  const endedAt = task.endedAt?.toISOString() ?? null
  return {
    job: task.jobId,
    mapper: task.mapper,
    store: mapper.store,
    uri: object.uri,
    action: actionOf(task),
    outcome: task.state === 'refused' || task.state === 'failed' ? task.state : isErased ? 'erased' : 'unchanged',
    reason,
    before: versionOf(detail.before),
    after: versionOf(detail.after),
    rows: rowsOf(task, erased),
    checked: isErased && task.phase === 'FORGET' ? checksOf(task, isScopeClean) : [],
    transfers: detail.transfers ?? null,
    warnings: detail.warnings ?? [],
    resumed: detail.resumed ?? false,
    erasedAt: isErased ? (instantOf(detail.erasedAt) ?? endedAt) : null,
    goneAt: isErased && !keeps ? endedAt : null,
    goneAfter: isErased && keeps && typeof mapper.oldVersions === 'object' ? goneAfter(task, mapper.oldVersions) : null,
  }
}

function actionOf({ phase, object, detail }: EndedTask): Receipt['action'] {
  if (phase === 'CLEANUP') return 'old-versions'
  if (object.versionId !== undefined) return 'old-version'
  return detail.action === 'remove' ? 'remove' : 'edit'
}

/** After a resume the rows were counted in what was left: those of before are what the first worker pinned and these. */
function rowsOf({ detail }: EndedTask, erased: number): Receipt['rows'] {
  if (detail.rowsSeen === undefined) return null
  const before = detail.resumed === true ? detail.rowsSeen + erased : detail.rowsSeen
  return { before, erased, kept: before - erased }
}

function checksOf({ object, detail }: EndedTask, isScopeClean: boolean): Receipt['checked'] {
  const again = isScopeClean ? (['scope-searched-again'] as const) : []
  if (object.versionId !== undefined || detail.action === 'remove') return again
  if (detail.resumed === true) return ['found-nothing-again', ...again]
  return ['edit-verified', 'written-version-read-back', ...again]
}

function goneAfter({ endedAt }: EndedTask, { deleteAfterDays }: { readonly deleteAfterDays: number }): string | null {
  return endedAt === null ? null : new Date(endedAt.getTime() + deleteAfterDays * 86_400_000).toISOString()
}

/** One form for all instants, however the database prints them. */
function instantOf(text: string | undefined): string | null {
  return text === undefined ? null : new Date(text).toISOString()
}

function versionOf(version: ObjectVersion | undefined): Receipt['before'] {
  return version === undefined ? null : { token: version.token, versionId: version.versionId ?? null }
}
