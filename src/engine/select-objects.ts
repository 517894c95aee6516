import { LetheError } from '../domain/error.ts'
import type { CallOptions, ListedObject, ObjectStore, UnlistedFolder } from '../ports/object-store.ts'

export interface SelectOptions extends CallOptions {
  /** Whether versions that are not current are wanted as well. */
  readonly versions: 'current' | 'all'
  readonly onSkipped: (key: string) => void
}

/**
 * Every object that the targets name, each once, however many targets or links name it, and the folders that could
 * not be listed; of each target first the current objects, then the old versions.
 *
 * @throws LetheError `no-data` when a target names no object, so that a misspelt target does not look like an empty one.
 */
export async function* selectObjects(
  store: Pick<ObjectStore, 'list' | 'listOldVersions'>,
  targets: readonly string[],
  { onSkipped, versions, ...options }: SelectOptions,
): AsyncGenerator<ListedObject | UnlistedFolder> {
  const seen = new Set<string>()
  const skipped = new Set<string>()
  for (const target of targets) {
    let isEmpty = true
    for await (const item of store.list(target, options)) {
      if (item.kind === 'skipped') {
        if (!skipped.has(item.key)) onSkipped(item.key)
        skipped.add(item.key)
        continue
      }
      isEmpty = false
      if (seen.has(item.key)) continue
      seen.add(item.key)
      yield item
    }
    const old = versions === 'all' ? store.listOldVersions(target, options) : []
    for await (const item of old) {
      isEmpty = false
      const id = `${item.key}\0${'versionId' in item ? item.versionId : ''}`
      if (seen.has(id)) continue
      seen.add(id)
      yield item
    }
    if (isEmpty) throw noData()
  }
}

// Argument errors never echo an argument: a match may have been given where a target belongs.
function noData(): LetheError {
  return new LetheError('no-data', 'a target names no object; check its spelling. Nothing was changed')
}
