import { LetheError } from '../domain/error.ts'
import type { CallOptions, ListedObject, ObjectStore } from '../ports/object-store.ts'

/**
 * Every object that the targets name, each once, however many targets or links name it.
 *
 * @throws LetheError `no-data` when a target names no object, so that a misspelt target does not look like an empty one.
 */
export async function* selectObjects(
  store: Pick<ObjectStore, 'list'>,
  targets: readonly string[],
  { onSkipped, ...options }: CallOptions & { readonly onSkipped: (key: string) => void },
): AsyncGenerator<ListedObject> {
  const seen = new Set<string>()
  const skipped = new Set<string>()
  for (const target of targets) {
    let isEmpty = true
    for await (const item of listTarget(store, target, options)) {
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
    if (isEmpty) throw noData()
  }
}

async function* listTarget(store: Pick<ObjectStore, 'list'>, target: string, options: CallOptions) {
  try {
    yield* store.list(target, options)
  } catch (error) {
    if (error instanceof LetheError && error.code === 'object-missing') throw noData(error)
    throw error
  }
}

// Argument errors never echo an argument: a match may have been given where a target belongs.
function noData(cause?: unknown): LetheError {
  return new LetheError('no-data', 'a target names no object; check its spelling. Nothing was changed', { cause })
}
