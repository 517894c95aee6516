import { LetheError } from '../../domain/error.ts'
import { Ranges } from '../../domain/ranges.ts'
import type { Warning } from '../../domain/warning.ts'
import type { Found, FoundBlock, Search } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import { type Block, readBlocks, readHeader } from './container.ts'
import { malformed } from './refusal.ts'
import { makeRowSearch, type RowHits, type RowSearch } from './row-search.ts'

/**
 * Finds the matching rows, block by block. Every row is passed over by its schema, so that a damaged one is noticed
 * whatever the matches are; only the values of the columns that they name are decoded.
 */
export async function find(source: RangeSource, search: Search): Promise<Found> {
  const { signal, onProgress } = search
  const header = await readHeader(source, signal === undefined ? {} : { signal })
  const rowSearch = makeRowSearch(header.schema, search)
  const findings = new Findings()
  onProgress?.(header.sizeBytes)
  const { sync, sizeBytes: start } = header
  for await (const block of readBlocks(source, { sync, start, end: source.size, signal })) {
    findings.begin(block)
    const bytes = await header.codec.decompress(block.stored)
    findInBlock(bytes, { rows: block.rows, rowSearch, onHits: (rows, hits) => findings.add(rows, hits) })
    onProgress?.(block.end - block.start)
  }
  return findings.found({ source, rowSearch })
}

/** Rows `start..end` of a block, which all match the same. */
export interface BlockRows {
  readonly start: number
  readonly end: number
}

/**
 * Finds the matching rows of one block, and tells of them in order.
 *
 * @param bytes the block's rows, decompressed
 * @throws LetheError `malformed`
 */
export function findInBlock(
  bytes: Uint8Array,
  {
    rows,
    rowSearch,
    onHits,
  }: {
    readonly rows: number
    readonly rowSearch: RowSearch
    readonly onHits: (rows: BlockRows, hits: RowHits) => void
  },
): void {
  if (!rowSearch.isEmptyRow && rows > bytes.length) throw malformed('a block has more rows than bytes')
  // Rows without bytes are all alike, and a few bytes may announce any number of them.
  const step = rowSearch.isEmptyRow ? rows : 1
  let position = 0
  for (let row = 0; row < rows; row += step) {
    position = rowSearch.read(bytes, position)
    if (rowSearch.hits.positions.length > 0) onHits({ start: row, end: row + step }, rowSearch.hits)
  }
  if (position !== bytes.length) throw malformed('the rows of a block do not fill it')
}

class Findings {
  readonly #rows = new Ranges()
  readonly #blocks: FoundBlock[] = []
  readonly #hits = new Map<number, number>()
  #rowsSeen = 0
  #rowsByFolder = 0
  #block: Block | undefined
  #firstRow = 0

  begin(block: Block): void {
    this.#block = block
    this.#firstRow = this.#rowsSeen
    this.#rowsSeen += block.rows
    if (!Number.isSafeInteger(this.#rowsSeen)) throw malformed('the file counts more rows than can be')
  }

  add(rows: BlockRows, { positions, isByFolder }: RowHits): void {
    const count = rows.end - rows.start
    if (count === 0) return
    this.#rows.add(this.#firstRow + rows.start, this.#firstRow + rows.end)
    for (const position of positions) this.#hits.set(position, count + (this.#hits.get(position) ?? 0))
    if (isByFolder) this.#rowsByFolder += count
    this.#addBlock()
  }

  #addBlock(): void {
    const { start, end, rows } = this.#block!
    if (this.#blocks.at(-1)?.start !== start) this.#blocks.push({ start, end, firstRow: this.#firstRow, rows })
  }

  found({ source, rowSearch }: { source: RangeSource; rowSearch: RowSearch }): Found {
    const byFolder: Warning[] =
      this.#rowsByFolder === 0 ? [] : [{ code: 'name-still-tells', count: this.#rowsByFolder }]
    const touched = this.#blocks.reduce((sum, block) => sum + block.end - block.start, 0)
    const rewritten = this.#blocks.filter(
      ({ firstRow, rows }) => this.#rows.sizeWithin(firstRow, firstRow + rows) < rows,
    )
    return {
      rows: this.#rows,
      blocks: this.#blocks,
      rowsSeen: this.#rowsSeen,
      hits: this.#hits,
      columns: rowSearch.columns,
      warnings: [...rowSearch.warnings, ...byFolder],
      estimate: {
        keptBytes: source.size - touched,
        insertedBytes: rewritten.reduce((sum, block) => sum + block.end - block.start, 0),
      },
    }
  }
}

/** The blocks that `find` found matching rows in. */
export function blocksOf({ blocks }: Found): readonly FoundBlock[] {
  if (blocks === undefined) throw new LetheError('internal', 'what was found does not say in which blocks')
  return blocks
}
