import type { Ranges } from '../../domain/ranges.ts'
import { type Edit, makeEdit, type Piece } from '../edit.ts'
import type { EraseRequest, FoundBlock } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import { encodeCount } from './byte-cursor.ts'
import { comparableLevel } from './codecs.ts'
import { type Block, type Header, readBlocks, readHeader } from './container.ts'
import { blocksOf } from './find.ts'
import { malformed } from './refusal.ts'
import { compileRow, nothingSelected } from './row-program.ts'
import { RowReader } from './row-reader.ts'

/**
 * Leaves the matching rows out of their blocks, which are compressed again; a block that loses every row goes. All else
 * is kept as it lies in the source: the header, the other blocks, and, within a block, the bytes of each row that stays.
 */
export async function erase(source: RangeSource, { search, found, spool }: EraseRequest): Promise<Edit> {
  const header = await readHeader(source, search.signal === undefined ? {} : { signal: search.signal })
  const rewriter = new BlockRewriter(header)
  const pieces: Piece[] = []
  let kept = 0
  for (const block of blocksOf(found)) {
    pieces.push({ from: 'source', start: kept, end: block.start })
    kept = block.end
    if (found.rows.sizeWithin(block.firstRow, block.firstRow + block.rows) === block.rows) continue
    const stored = await readBlock(source, { header, block, signal: search.signal })
    const { start, end } = await spool.append(
      await rewriter.rewrite(stored, { rows: found.rows, firstRow: block.firstRow }),
    )
    pieces.push({ from: 'spool', start, end })
  }
  pieces.push({ from: 'source', start: kept, end: source.size })
  return makeEdit(pieces, { spool, rowsBefore: found.rowsSeen, rowsErased: found.rows.size })
}

/** Reads one block that is known to lie at `start..end`. @throws LetheError `malformed` where it does not. */
export async function readBlock(
  source: RangeSource,
  {
    header,
    block,
    signal,
  }: {
    readonly header: Pick<Header, 'sync'>
    readonly block: Pick<FoundBlock, 'start' | 'end' | 'rows'>
    readonly signal: AbortSignal | undefined
  },
): Promise<Block> {
  for await (const read of readBlocks(source, { sync: header.sync, start: block.start, end: block.end, signal })) {
    if (read.end === block.end && read.rows === block.rows) return read
    break
  }
  throw malformed('a block is not where it was found')
}

class BlockRewriter {
  readonly #header: Header
  readonly #reader: RowReader
  #level: number | undefined

  constructor(header: Header) {
    this.#header = header
    this.#reader = new RowReader(compileRow(header.schema, nothingSelected), () => undefined)
  }

  /** The bytes of a block without the erased rows, of which it has some, and not only such. */
  async rewrite(block: Block, { rows, firstRow }: { rows: Ranges; firstRow: number }): Promise<Uint8Array> {
    const { codec, sync } = this.#header
    const bytes = await codec.decompress(block.stored)
    const kept = this.#keepRows(bytes, { count: block.rows, isErased: (row) => rows.has(firstRow + row) })
    this.#level ??= await comparableLevel(codec, bytes, block.stored)
    const stored = await codec.compress(kept, { level: this.#level, like: block.stored })
    const count = block.rows - rows.sizeWithin(firstRow, firstRow + block.rows)
    return Buffer.concat([encodeCount(count), encodeCount(stored.length), stored, sync])
  }

  /** The bytes of the rows that are not erased, in order, each as it was. */
  #keepRows(
    bytes: Uint8Array,
    { count, isErased }: { readonly count: number; readonly isErased: (row: number) => boolean },
  ): Uint8Array {
    // Rows without bytes: there is nothing to leave out but their count.
    if (this.#header.schema.isEmpty) return bytes
    const kept: Uint8Array[] = []
    let keptFrom = 0
    let position = 0
    for (let row = 0; row < count; row += 1) {
      const end = this.#reader.read(bytes, position)
      if (isErased(row)) {
        kept.push(bytes.subarray(keptFrom, position))
        keptFrom = end
      }
      position = end
    }
    if (position !== bytes.length) throw malformed('the rows of a block do not fill it')
    kept.push(bytes.subarray(keptFrom))
    return Buffer.concat(kept)
  }
}
