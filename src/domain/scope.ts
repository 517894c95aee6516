import type { Json } from './canonical-json.ts'
import type { DataMapper } from './data-mapper.ts'
import type { Bound } from './plan.ts'

/**
 * What an approval binds: whom, where, how, and how much at most. Versions of objects are evidence and no part of it: one
 * night of compaction would void it.
 */
export function scopeOf({
  matches,
  mappers,
  bounds,
}: {
  /** Digest of the job's matches, in hexadecimal. */
  readonly matches: string
  readonly mappers: readonly { readonly mapper: DataMapper; readonly version: number }[]
  readonly bounds: readonly Bound[]
}): Json {
  return {
    matches,
    // Through its text, which leaves out what is undefined.
    mappers: JSON.parse(JSON.stringify(mappers)) as Json,
    bounds: bounds.map(({ mapper, objects, rows }) => ({ mapper, objects, rows })),
  }
}
