import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { malformed } from '../malformed.ts'
import { PageWalk } from './page-walk.ts'

/**
 * The pages of each chunk are all within what it says is its extent. Only that is copied: a chunk whose size is too
 * small would lose values that its readers find all the same.
 *
 * @throws LetheError `malformed`
 */
export async function requireWholeChunks(
  source: RangeSource,
  chunks: readonly ColumnChunkInfo[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  for (const chunk of chunks) {
    let numValues = 0
    const walk = new PageWalk(source, chunk, options)
    for (let place = await walk.next(); place !== undefined; place = await walk.next()) {
      if (place.head.kind === 'data-v1' || place.head.kind === 'data-v2') numValues += place.head.numValues
    }
    if (numValues !== chunk.numValues) throw malformed('the pages of a chunk have not as many values as it says')
  }
}
