import { LetheError } from '../../domain/error.ts'
import type { JobStore, LeasedJob, TaskObject } from '../../ports/job-store.ts'
import type { CallOptions, ListedObject } from '../../ports/object-store.ts'
import { withoutSidecars } from '../data-objects.ts'
import { selectObjects } from '../select-objects.ts'
import type { MapperSearch } from './job-searches.ts'
import type { MapperScope } from './job-world.ts'

const chunkObjects = 500

/**
 * Makes a task of every object in the scope of a mapper; of old versions too, where those are to go. A sidecar is a task
 * only where it has to be looked at by itself (see `withoutSidecars`). A listing that was broken off is begun again: what
 * is there already stays.
 *
 * @returns false where the lease ran out
 * @throws LetheError where a folder cannot be listed: what lies in it is unknown
 */
export async function listObjects(
  jobs: Pick<JobStore, 'addTasks' | 'markListed'>,
  { job, token }: LeasedJob,
  { search, phase, ...options }: CallOptions & { readonly search: MapperSearch; readonly phase: 'FIND' | 'VERIFY' },
): Promise<boolean> {
  const { mapper, scope } = search
  const add = (objects: readonly TaskObject[]) =>
    jobs.addTasks(job.id, { token }, { phase, pass: job.pass, mapper: mapper.name, objects })
  const describe = (object: ListedObject) => taskObject(object, scope, search.judge?.ownerOf(object.key))
  let chunk: TaskObject[] = []
  for await (const item of namedBy(search, options)) {
    if (item.kind === 'unlisted') throw item.error
    chunk.push(item.kind === 'aloof' ? { ...describe(item.object), isAloof: true } : describe(item))
    if (chunk.length < chunkObjects) continue
    if (!(await add(chunk))) return false
    chunk = []
  }
  if (chunk.length > 0 && !(await add(chunk))) return false
  return await jobs.markListed(job.id, { token }, mapper.name)
}

async function* namedBy({ mapper, scope }: MapperSearch, options: CallOptions) {
  const versions = mapper.oldVersions === 'delete' ? ('all' as const) : ('current' as const)
  try {
    const { store, target, wholeObjects } = scope
    const all = selectObjects(store, [target], { ...options, versions, onSkipped: () => undefined })
    const pattern = wholeObjects?.sidecar
    yield* pattern === undefined ? all : withoutSidecars(all, { pattern, store, listed: new Set(), ...options })
  } catch (error) {
    // Whether that is a failure is judged when all is known.
    if (!(error instanceof LetheError && error.code === 'no-data')) throw error
  }
}

function taskObject(
  { key, uri, size, linkPath, versionId }: ListedObject,
  { place }: Pick<MapperScope, 'place'>,
  ownerKey: string | undefined,
): TaskObject {
  if (!key.isWellFormed() || !uri.isWellFormed()) {
    throw new LetheError('unsupported', 'an object has a name that is no UTF-8, which cannot be kept; rename it')
  }
  return {
    place,
    key,
    uri,
    sizeBytes: size,
    ...(linkPath === undefined ? {} : { linkPath }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(ownerKey === undefined ? {} : { ownerKey }),
  }
}
