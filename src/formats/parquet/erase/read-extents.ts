import type { RangeSource } from '../../range-source.ts'
import type { Extent } from '../column-chunk.ts'

/** Extents no further apart than this are read together: a request costs more than the bytes between. */
const maxGapBytes = 32 * 1024
const maxReadBytes = 8 * 1024 * 1024

/** The bytes of many extents, which are in ascending order, with few reads; one read's worth is held at a time. */
export async function* readExtents<Item extends Extent>(
  source: RangeSource,
  extents: readonly Item[],
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<{ readonly item: Item; readonly bytes: Uint8Array }> {
  for (let first = 0; first < extents.length; ) {
    const start = extents[first]!.start
    let end = extents[first]!.end
    let next = first + 1
    while (next < extents.length && joins(extents[next]!, { start, end })) end = Math.max(end, extents[next++]!.end)
    const bytes = await source.read(start, end, options)
    for (const item of extents.slice(first, next)) {
      yield { item, bytes: bytes.subarray(item.start - start, item.end - start) }
    }
    first = next
  }
}

function joins(next: Extent, { start, end }: Extent): boolean {
  return next.start - end <= maxGapBytes && next.end - start <= maxReadBytes
}
