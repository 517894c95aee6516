import type { Edit } from '../edit.ts'
import type { DetectableFormat, EraseRequest, Probe } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import { eraseRows } from './erase/erase-rows.ts'
import { find } from './find/find.ts'
import { inspect } from './inspect.ts'
import { ChunkThreads, type ThreadOptions } from './threads/chunk-threads.ts'
import { verifyErased } from './verify/verify-erased.ts'

/**
 * Parquet, edited page by page: what holds no erased row stays as the source has it.
 */
export function makeParquet(options: ThreadOptions): DetectableFormat {
  const threads = new ChunkThreads(options)
  return {
    name: 'parquet',
    detect,
    inspect,
    find,
    erase: (source, request) => erase(source, request, threads),
    verify: (source, request) => verifyErased(source, request, threads),
  }
}

/** On the thread of the caller alone. */
export const parquet = makeParquet({ threadCount: 1 })

function erase(source: RangeSource, { search, found, spool }: EraseRequest, threads: ChunkThreads): Promise<Edit> {
  const { signal, onProgress } = search
  return eraseRows(source, {
    rows: found.rows,
    spool,
    threads,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
}

const magics = ['PAR1', 'PARE']

/** A file whose beginning and end are torn off each other is still one: it is refused as damaged, not as unknown. */
function detect({ name, head, tail }: Probe): 'content' | 'name' | 'no' {
  const first = Buffer.from(head.subarray(0, 4)).toString('latin1')
  const last = Buffer.from(tail.subarray(-4)).toString('latin1')
  if (magics.includes(first) || magics.includes(last)) return 'content'
  return /\.(parquet|parq)$/i.test(name) ? 'name' : 'no'
}
