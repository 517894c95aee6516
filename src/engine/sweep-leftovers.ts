import { LetheError } from '../domain/error.ts'
import type { CallOptions, ObjectStore } from '../ports/object-store.ts'
import type { FindResult } from './find.ts'

/**
 * Removes what writers that died left beside the objects of a run, for it holds rows. A folder that may not be written
 * is left as it is: a find must work where nothing can be changed.
 *
 * @returns how many leftovers were removed.
 */
export async function sweepLeftovers(
  store: Pick<ObjectStore, 'sweep'>,
  { findings }: Pick<FindResult, 'findings'>,
  options: CallOptions = {},
): Promise<number> {
  const folders = new Set(findings.map(({ object }) => object.key.slice(0, object.key.lastIndexOf('/') + 1)))
  let removed = 0
  for (const folder of folders) removed += await sweepIfAllowed(store, folder, options)
  return removed
}

async function sweepIfAllowed(
  store: Pick<ObjectStore, 'sweep'>,
  folder: string,
  options: CallOptions,
): Promise<number> {
  try {
    return await store.sweep(folder, options)
  } catch (error) {
    if (error instanceof LetheError && error.code === 'permission-denied') return 0
    throw error
  }
}
