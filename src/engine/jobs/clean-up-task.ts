import type { Task, TaskEnd } from '../../ports/job-store.ts'
import type { CallOptions, ObjectStore } from '../../ports/object-store.ts'
import { asLetheError } from '../as-lethe-error.ts'

/** Deletes the old versions that a mapper kept for some time, by their ids. One that is gone is no error. */
export async function cleanUpTask(
  store: Pick<ObjectStore, 'deleteVersion'>,
  { object, detail }: Task,
  options: CallOptions,
): Promise<TaskEnd> {
  try {
    for (const versionId of detail.versionIds ?? []) await store.deleteVersion(object.key, versionId, options)
    return { state: 'done', detail: {}, rowsMatched: 0 }
  } catch (error) {
    const known = asLetheError(error, options.signal)
    if (known.code === 'interrupted') throw known
    const message = `an old version could not be deleted: ${known.message}`
    const state = known.outcome === 'refused' ? 'refused' : 'failed'
    return { state, reason: { code: known.code, message }, detail: {}, rowsMatched: 0 }
  }
}
