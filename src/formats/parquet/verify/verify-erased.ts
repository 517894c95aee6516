import { LetheError } from '../../../domain/error.ts'
import type { Ranges } from '../../../domain/ranges.ts'
import { type Edit, editedView } from '../../edit.ts'
import type { VerifyRequest } from '../../format.ts'
import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { bloomFilterExtent } from '../erase/structures.ts'
import { findInRowGroup } from '../find/find-row-group.ts'
import { Hits } from '../find/hits.ts'
import { planSearch, type SearchPlan } from '../find/plan-search.ts'
import { type ParquetFile, type RowGroupInfo, readFooter } from '../footer.ts'
import { inLanes } from '../in-lanes.ts'
import { FileMetaData } from '../metadata.ts'
import { type ChunkThreads, packedPieces } from '../threads/chunk-threads.ts'
import { estimateWork } from '../threads/estimate-work.ts'
import { writeThrift } from '../thrift-writer.ts'
import { ByteBudget } from './byte-budget.ts'
import { notVerified, require } from './not-verified.ts'
import { PieceMap } from './piece-map.ts'
import { verifyChunk } from './verify-chunk.ts'
import { verifyKeptChunk } from './verify-kept-chunk.ts'

/**
 * Proves an edited file before anyone can see it: it parses; every byte of it belongs to one structure; what had no
 * erased row is the very bytes of the source; what had one is the source's without those rows, value by value, by a way
 * that shares nothing with the one it was made by; and the search finds nothing in the pages that were written anew. The
 * others are those that it found nothing in.
 *
 * @throws LetheError `not-verified`
 */
export async function verifyErased(
  source: RangeSource,
  { search, found, edit }: VerifyRequest,
  threads?: ChunkThreads,
): Promise<void> {
  const options = search.signal === undefined ? {} : { signal: search.signal }
  const view = editedView(source, edit)
  const before = await readFooter(source, options)
  const after = await readEdited(view, options)
  const pieces = new PieceMap(edit)
  const budget = new ByteBudget(budgetBytes)
  const verification = { source, view, edit, pieces, before, after, rows: found.rows, budget, ...options }
  checkDescription(verification)
  const pairs = pairGroups(verification)
  await verifyGroups(pairs, { ...verification, plan: planSearch(after, search) }, threads)
  await checkCoverage(verification)
}

/** Chunks at once: while one is compared, pages of others are read and decompressed. */
const lanes = 3
/** Of decompressed pages. */
const budgetBytes = 16 * 1024 * 1024

interface Verification {
  readonly source: RangeSource
  readonly view: RangeSource
  readonly edit: Edit
  readonly pieces: PieceMap
  readonly before: ParquetFile
  readonly after: ParquetFile
  readonly rows: Ranges
  readonly budget: ByteBudget
  readonly signal?: AbortSignal
}

async function readEdited(view: RangeSource, options: { signal?: AbortSignal }): Promise<ParquetFile> {
  try {
    return await readFooter(view, options)
  } catch (error) {
    if (error instanceof LetheError && error.outcome === 'refused') throw notVerified('its footer cannot be read')
    throw error
  }
}

/** All that the footer says beside rows and row groups is what it said before. */
function checkDescription({ before, after, rows, edit }: Verification): void {
  require(after.numRows === before.numRows - rows.size, 'it has another number of rows')
  require(edit.summary.rowsBefore === before.numRows, 'the edit counts other rows')
  require(edit.summary.rowsErased === rows.size, 'the edit counts other rows')
  const described = ({ struct }: ParquetFile): Uint8Array => {
    const changing: readonly number[] = [FileMetaData.numRows.id, FileMetaData.rowGroups.id]
    return writeThrift({ fields: struct.fields.filter(({ id }) => !changing.includes(id)) })
  }
  require(Buffer.compare(described(before), described(after)) === 0, 'its schema or metadata changed')
}

interface GroupPair {
  readonly old: RowGroupInfo
  readonly group: RowGroupInfo
  readonly isEdited: boolean
}

function pairGroups({ before, after, rows }: Verification): GroupPair[] {
  const pairs: GroupPair[] = []
  for (const old of before.rowGroups) {
    const erased = rows.sizeWithin(old.firstRow, old.firstRow + old.numRows)
    if (erased === old.numRows) continue
    const group = after.rowGroups[pairs.length]
    require(group?.numRows === old.numRows - erased, 'a row group has another number of rows')
    pairs.push({ old, group: group!, isEdited: erased > 0 })
  }
  require(pairs.length === after.rowGroups.length, 'it has row groups too many')
  return pairs
}

/** Chunk by chunk; each edited group is searched when all its chunks are proven, while those of others are. */
async function verifyGroups(
  pairs: readonly GroupPair[],
  verification: Verification & { readonly plan: SearchPlan },
  threads: ChunkThreads | undefined,
): Promise<void> {
  const edited = pairs.filter(({ isEdited }) => isEdited).map(({ old }) => old)
  const verify = threads?.areWorth(estimateWork(edited, verification.rows))
    ? { lanes: threads.lanes, run: verifyByThreads(threads, verification) }
    : { lanes, run: verifyHere(verification) }
  const works = pairs.flatMap((pair) => {
    const rewritten = pair.old.chunks.map(() => Promise.withResolvers<Ranges>())
    // Who waits for them are the searches; where there is none nobody does.
    for (const { promise } of rewritten) promise.catch(() => undefined)
    const proofs = rewritten.map(({ resolve, reject }, index) => async () => {
      try {
        if (pair.isEdited) resolve(await verify.run(pair, index))
        else await verifyKeptChunk(chunkPair(pair, index, verification))
      } catch (error) {
        reject(error)
        throw error
      }
    })
    const search = async () => requireNoMatch(pair, { ...verification, rewritten: await all(rewritten) })
    return pair.isEdited ? [...proofs, search] : proofs
  })
  // In order: whatever a search waits for was begun before it.
  await inLanes(works, verify.lanes, (work) => work())
}

function all<Result>(resolvers: readonly PromiseWithResolvers<Result>[]): Promise<Result[]> {
  return Promise.all(resolvers.map(({ promise }) => promise))
}

/** @param rewritten the rows of the pages that were written anew, of each column */
async function requireNoMatch(
  { group }: GroupPair,
  {
    view,
    after,
    plan,
    signal,
    rewritten,
  }: Verification & { readonly plan: SearchPlan; readonly rewritten: readonly Ranges[] },
): Promise<void> {
  const within = rowsOf(keyLeaves(plan).map((leaf) => rewritten[leaf]!))
  const options = signal === undefined ? {} : { signal }
  await findInRowGroup(view, { file: after, rowGroup: group, plan, within, ...options }, () => {
    throw notVerified('a row that matches is still there')
  })
}

function keyLeaves({ groups }: SearchPlan): number[] {
  const leaves = groups.flatMap(({ columns }) => columns.flatMap((each) => (each.kind === 'leaf' ? [each.leaf] : [])))
  return [...new Set(leaves)]
}

function rowsOf(sets: readonly Ranges[]): Hits {
  const hits = new Hits()
  let end = 0
  for (const range of sets.flatMap((set) => [...set]).sort((a, b) => a.start - b.start)) {
    if (range.end > end) hits.add(Math.max(end, range.start), range.end, 0)
    end = Math.max(end, range.end)
  }
  return hits
}

type VerifyPair = (pair: GroupPair, index: number) => Promise<Ranges>

function chunkPair({ old, group }: GroupPair, index: number, verification: Verification) {
  return { ...verification, before: old.chunks[index]!, after: group.chunks[index]!, firstRow: old.firstRow }
}

function verifyHere(verification: Verification): VerifyPair {
  return (pair, index) => verifyChunk(chunkPair(pair, index, verification))
}

function verifyByThreads(
  threads: ChunkThreads,
  { source, view, edit, before, after, rows, signal }: Verification,
): VerifyPair {
  const session = threads.open({ source, view, signal })
  const pieces = packedPieces(edit)
  return ({ old, group }, chunk) => {
    const { firstRow, numRows } = old
    const place = { group: before.rowGroups.indexOf(old), groupAfter: after.rowGroups.indexOf(group), chunk }
    return session.verify({ ...place, firstRow, numRows, rows }, pieces)
  }
}

interface Structure {
  readonly start: number
  readonly end: number
}

/** From the magic number to the footer one structure follows the other: nothing else of the source came along. */
async function checkCoverage({ view, after, signal }: Verification): Promise<void> {
  const structures: Structure[] = []
  for (const chunk of after.rowGroups.flatMap(({ chunks }) => chunks)) {
    structures.push(...(await structuresOf(view, chunk, { dataEnd: after.footerStart, signal })))
  }
  structures.sort((a, b) => a.start - b.start)
  let position = 4
  for (const { start, end } of structures) {
    require(start === position, 'bytes of it belong to no structure, or to two')
    position = end
  }
  require(position === after.footerStart, 'bytes of it belong to no structure')
  require(after.footerStart + after.footerBytes + 8 === view.size, 'bytes of it belong to no structure')
}

async function structuresOf(
  view: RangeSource,
  chunk: ColumnChunkInfo,
  bounds: { dataEnd: number; signal: AbortSignal | undefined },
): Promise<Structure[]> {
  const bloomFilter = await bloomFilterExtent(view, chunk, bounds)
  const structures = [chunk, chunk.offsetIndex, chunk.columnIndex, bloomFilter]
  return structures.filter((structure) => structure !== undefined && structure.end > structure.start) as Structure[]
}
