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
  const old = await readBlock(source, { header, block, signal })
  const matching = await matchingRows(old, header, rowSearch)
  require(sameRanges(matching, erased), 'rows would go that do not match, or the reverse')
  if (erased.size === block.rows) return

  const { value: rewritten } = await added.next()
  require(rewritten !== undefined, 'a block is missing')
  require(rewritten.rows === block.rows - erased.size, 'a block has not as many rows as it should')
  require((await matchingRows(rewritten, header, rowSearch)).size === 0, 'it still holds rows that match')
  const before = await header.codec.decompress(old.stored)
  const after = await header.codec.decompress(rewritten.stored)
  requireKeptRows({ before, after, erased, rows: block.rows, schema: header.schema })
}

async function matchingRows(block: Block, header: Header, rowSearch: RowSearch): Promise<Ranges> {
  const rows = new Ranges()
  await findInBlock(block, { header, rowSearch, onHits: ({ start, end }) => rows.add(start, end) })
  return rows
}

/** The new block is the old one's rows that stay, in order, byte for byte, and nothing else. */
function requireKeptRows({
  before,
  after,
  erased,
  rows,
  schema,
}: {
  readonly before: Uint8Array
  readonly after: Uint8Array
  readonly erased: Ranges
  readonly rows: number
  readonly schema: AvroType
}): void {
  const old = new ByteCursor(before)
  const rewritten = new ByteCursor(after)
  for (let row = 0; row < rows && !schema.isEmpty; row += 1) {
    const from = old.position
    skipRow(old, schema)
    if (erased.has(row)) continue
    const start = rewritten.position
    skipRow(rewritten, schema)
    const isSame = Buffer.compare(before.subarray(from, old.position), after.subarray(start, rewritten.position)) === 0
    require(isSame, 'a row that stays has changed')
  }
  require(old.remaining === 0 && rewritten.remaining === 0, 'a block holds more than its rows')
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
