import { LetheError } from '../../domain/error.ts'
import type { Task, TaskEnd } from '../../ports/job-store.ts'
import type { CallOptions } from '../../ports/object-store.ts'
import { asLetheError } from '../as-lethe-error.ts'
import type { JobWorld } from './job-world.ts'

/** Deletes the old versions that a mapper kept for some time, by their ids. One that is gone is no error. */
export async function cleanUpTask(
  world: JobWorld,
  { jobId, mapper: name, object, detail }: Task,
  options: CallOptions,
): Promise<TaskEnd> {
  try {
    const held = (await world.jobs.mappers(jobId)).find(({ mapper }) => mapper.name === name)
    if (held === undefined) throw new LetheError('internal', 'a task has a data mapper that its job has not')
    const { store, wholeObjects } = await world.openScope(held.mapper)
    for (const versionId of detail.versionIds ?? []) await store.deleteVersion(object.key, versionId, options)
    const beside = wholeObjects?.sidecar?.sidecarOf(object.key)
    for (const versionId of detail.sidecarVersionIds ?? []) await store.deleteVersion(beside!, versionId, options)
    return { state: 'done', detail: {}, rowsMatched: 0 }
  } catch (error) {
    const known = asLetheError(error, options.signal)
    if (known.code === 'interrupted' || known.code.startsWith('state-')) throw known
    const message = `an old version could not be deleted: ${known.message}`
    const state = known.outcome === 'refused' ? 'refused' : 'failed'
    return { state, reason: { code: known.code, message }, detail: {}, rowsMatched: 0 }
  }
}
