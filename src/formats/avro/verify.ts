import { LetheError } from '../../domain/error.ts'
import { Ranges } from '../../domain/ranges.ts'
import { type Edit, editedView } from '../edit.ts'
import type { Found, FoundBlock, VerifyRequest } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import { ByteCursor } from './byte-cursor.ts'
import { type Block, type Header, readBlocks, readHeader } from './container.ts'
import { readBlock } from './erase.ts'
import { blocksOf, findInBlock } from './find.ts'
import { makeRowSearch, type RowSearch } from './row-search.ts'
import type { AvroType } from './schema.ts'
import { skipRow } from './skip-row.ts'

/**
 * Proves an edit, block by block of those that lost rows: everything else is the source's, in order, once; the new
 * blocks are read out of the edited view as from any file; the erased rows matched and what is left does not; each row
 * that stays has its bytes. Rows are told apart by other code than the one that made the edit.
 *
 * @throws LetheError `not-verified`
 */
export async function verify(source: RangeSource, { search, found, edit }: VerifyRequest): Promise<void> {
  const { signal } = search
  try {
    const view = editedView(source, edit)
    const header = await readHeader(view, signal === undefined ? {} : { signal })
    const rowSearch = makeRowSearch(header.schema, search)
    requireCounts(found, edit)
    for (const { run, start, end } of newRegions(source, { runs: runsOf(blocksOf(found)), edit })) {
      const added = readBlocks(view, { sync: header.sync, start, end, signal })
      for (const block of run) await verifyBlock(source, { block, added, header, rowSearch, found, signal })
      require((await added.next()).done === true, 'there are blocks more than there should be')
    }
  } catch (error) {
    const isFinding = error instanceof LetheError && error.outcome === 'refused'
    throw isFinding && error.code !== 'not-verified' ? notVerified('it cannot be read', error) : error
  }
}

function requireCounts({ rows, rowsSeen }: Found, { size, summary }: Edit): void {
  const { rowsBefore, rowsErased, keptBytes, insertedBytes } = summary
  const agree = rowsBefore === rowsSeen && rowsErased === rows.size && keptBytes + insertedBytes === size
  require(agree, 'its counts and what was found disagree')
}

type Run = readonly FoundBlock[]

/** Blocks that touch each other are one run: between runs everything is kept. */
function runsOf(blocks: readonly FoundBlock[]): Run[] {
  const runs: FoundBlock[][] = []
  for (const block of blocks) {
    const last = runs.at(-1)
    if (last?.at(-1)?.end === block.start) last.push(block)
    else runs.push([block])
  }
  return runs
}

/** Where in the edited view the new bytes of each run lie; all around must be the source's own, in order. */
function* newRegions(
  source: RangeSource,
  { runs, edit }: { runs: readonly Run[]; edit: Edit },
): Generator<{ readonly run: Run; readonly start: number; readonly end: number }> {
  const pieces = [...edit.pieces]
  let next = 0
  let offset = 0
  const takeKept = (start: number, end: number) => {
    if (start === end) return
    const piece = pieces[next]
    require(piece?.from === 'source' && piece.start === start && piece.end === end, 'it does not keep what it should')
    next += 1
    offset += end - start
  }
  let keptFrom = 0
  for (const run of runs) {
    takeKept(keptFrom, run[0]!.start)
    keptFrom = run.at(-1)!.end
    const start = offset
    for (; pieces[next]?.from === 'spool'; next += 1) offset += pieces[next]!.end - pieces[next]!.start
    yield { run, start, end: offset }
  }
  takeKept(keptFrom, source.size)
  require(next === pieces.length && offset === edit.size, 'it holds more than it should')
}

interface BlockProof {
  readonly block: FoundBlock
  readonly added: AsyncGenerator<Block>
  readonly header: Header
  readonly rowSearch: RowSearch
  readonly found: Found
  readonly signal: AbortSignal | undefined
}

async function verifyBlock(source: RangeSource, proof: BlockProof): Promise<void> {
  const { block, added, header, rowSearch, found, signal } = proof
  const erased = Ranges.of(shifted(found.rows.within(block.firstRow, block.firstRow + block.rows), block.firstRow))
  const { codec } = header
  const old = await codec.decompress((await readBlock(source, { header, block, signal })).stored)
  require(sameRanges(
    matchingRows(old, block.rows, rowSearch),
    erased,
  ), 'rows would go that do not match, or the reverse')
  if (erased.size === block.rows) return

  const { value: rewritten } = await added.next()
  require(rewritten !== undefined, 'a block is missing')
  require(rewritten.rows === block.rows - erased.size, 'a block has not as many rows as it should')
  const left = await codec.decompress(rewritten.stored)
  require(matchingRows(left, rewritten.rows, rowSearch).size === 0, 'it still holds rows that match')
  requireKeptRows({ old, left, erased, rows: block.rows, schema: header.schema })
}

function matchingRows(bytes: Uint8Array, rows: number, rowSearch: RowSearch): Ranges {
  const matching = new Ranges()
  findInBlock(bytes, { rows, rowSearch, onHits: ({ start, end }) => matching.add(start, end) })
  return matching
}

/** The new block is the old one's rows that stay, in order, byte for byte, and nothing else. */
function requireKeptRows({
  old,
  left,
  erased,
  rows,
  schema,
}: {
  readonly old: Uint8Array
  readonly left: Uint8Array
  readonly erased: Ranges
  readonly rows: number
  readonly schema: AvroType
}): void {
  // Rows without bytes: their count is all there is.
  if (schema.isEmpty) return
  const cursor = new ByteCursor(old)
  const skipRows = (from: number, to: number) => {
    const start = cursor.position
    for (let row = from; row < to; row += 1) skipRow(cursor, schema)
    return old.subarray(start, cursor.position)
  }
  let row = 0
  let compared = 0
  for (const kept of erased.gaps(0, rows)) {
    skipRows(row, kept.start)
    const run = skipRows(kept.start, kept.end)
    const isSame = Buffer.compare(run, left.subarray(compared, compared + run.length)) === 0
    require(isSame, 'a row that stays has changed')
    compared += run.length
    row = kept.end
  }
  skipRows(row, rows)
  require(cursor.remaining === 0 && compared === left.length, 'a block holds more than its rows')
}

function* shifted(ranges: Iterable<{ start: number; end: number }>, by: number) {
  for (const { start, end } of ranges) yield { start: start - by, end: end - by }
}

function sameRanges(a: Ranges, b: Ranges): boolean {
  if (a.count !== b.count) return false
  for (let index = 0; index < a.count; index += 1) {
    if (a.startAt(index) !== b.startAt(index) || a.endAt(index) !== b.endAt(index)) return false
  }
  return true
}

function require(holds: boolean, what: string): asserts holds {
  if (!holds) throw notVerified(what)
}

function notVerified(what: string, cause?: unknown): LetheError {
  return new LetheError('not-verified', `the edit of an Avro file is not right: ${what}`, { cause })
}
