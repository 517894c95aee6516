import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import type { ParquetFile } from '../footer.ts'
import { readBloomFilter } from './bloom-filter.ts'
import { chunkBounds, hasOrderedBounds, isAllNull } from './chunk-bounds.ts'
import type { Hits } from './hits.ts'
import type { KeyMatcher } from './key-matcher.ts'
import { type IndexedPage, readPageIndex } from './page-index.ts'
import { ValueRanks } from './value-ranks.ts'

/** What of a chunk has to be read to find all values that a matcher knows. */
export type ChunkPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'everything' }
  /** These pages, which are some of those that the page index knows. */
  | { readonly kind: 'pages'; readonly pages: readonly IndexedPage[] }

export interface PlanChunkRequest {
  readonly file: ParquetFile
  readonly chunk: ColumnChunkInfo
  readonly numRows: number
  readonly matcher: KeyMatcher
  readonly signal?: AbortSignal
}

/**
 * Plans what to read of a chunk, by statistics, then the bloom filter, then the page index. Never leaves out what may
 * hold a row: whatever is missing, unknown or contradictory is read.
 *
 * @throws LetheError `malformed`
 */
export async function planChunk(source: RangeSource, request: PlanChunkRequest): Promise<ChunkPlan> {
  const { chunk, matcher, signal } = request
  const options = signal === undefined ? {} : { signal }
  if (matcher.count === 0 || chunk.numValues === 0 || isAllNull(chunk)) return { kind: 'nothing' }
  if (!mayHoldByStatistics(request)) return { kind: 'nothing' }
  if (matcher.isExact) {
    const bloomFilter = await readBloomFilter(source, chunk, options)
    if (bloomFilter !== undefined && !anyEntry(matcher, (entry) => bloomFilter.mayHold(entry)))
      return { kind: 'nothing' }
  }
  return planPages(source, request)
}

function mayHoldByStatistics({ file, chunk, matcher }: PlanChunkRequest): boolean {
  if (matcher.order === undefined) return true
  const bounds = chunkBounds(file, chunk, matcher.order)
  return bounds === undefined || ranksOf(matcher).mayHold(bounds)
}

async function planPages(
  source: RangeSource,
  { file, chunk, numRows, matcher, signal }: PlanChunkRequest,
): Promise<ChunkPlan> {
  const { order } = matcher
  if (order === undefined || !hasOrderedBounds(file, chunk.column.index, order)) return { kind: 'everything' }
  const pages = await readPageIndex(source, { chunk, numRows }, signal === undefined ? {} : { signal })
  if (pages === undefined) return { kind: 'everything' }
  const ranks = ranksOf(matcher)
  const kept = pages.filter(({ bounds }) => bounds === undefined || (bounds !== 'nulls' && ranks.mayHold(bounds)))
  if (kept.length === 0) return { kind: 'nothing' }
  return kept.length === pages.length ? { kind: 'everything' } : { kind: 'pages', pages: kept }
}

/** What of a plan is left for the rows of some runs, as far as a page index tells which pages hold them. */
export async function planWithin(
  source: RangeSource,
  plan: ChunkPlan,
  {
    chunk,
    numRows,
    within,
    signal,
  }: Pick<PlanChunkRequest, 'chunk' | 'numRows' | 'signal'> & { readonly within: Hits },
): Promise<ChunkPlan> {
  if (plan.kind === 'nothing' || within.count === 0) return { kind: 'nothing' }
  const pages =
    plan.kind === 'pages'
      ? plan.pages
      : await readPageIndex(source, { chunk, numRows }, signal === undefined ? {} : { signal })
  if (pages === undefined) return plan
  const kept = pages.filter(({ firstRow, endRow }) => within.meets(firstRow, endRow))
  if (kept.length === 0) return { kind: 'nothing' }
  return kept.length === pages.length ? plan : { kind: 'pages', pages: kept }
}

const ranksByMatcher = new WeakMap<KeyMatcher, ValueRanks>()

function ranksOf(matcher: KeyMatcher): ValueRanks {
  let ranks = ranksByMatcher.get(matcher)
  if (ranks === undefined) ranksByMatcher.set(matcher, (ranks = new ValueRanks(matcher, matcher.order!)))
  return ranks
}

/** With many entries one passes soon, so that the filter costs little where it cannot help. */
function anyEntry(matcher: KeyMatcher, mayHold: (entry: Uint8Array) => boolean): boolean {
  for (let entry = 0; entry < matcher.count; entry += 1) if (mayHold(matcher.entry(entry))) return true
  return false
}
