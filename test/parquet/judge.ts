import { writeFileSync } from 'node:fs'
import { LetheError } from '../../src/domain/error.ts'
import { hasBitPackedLevels } from './bit-packed-levels.ts'
import { decodeChunk, rowTexts } from './decode.ts'
import { eraseRows, range } from './erase-rows.ts'
import { erasureFaults, sourceGroups } from './erasure-check.ts'
import { ids } from './ids.ts'
import { type Image, type ImageChunk, readImage } from './image.ts'
import { faultsOf } from './physical-check.ts'
import { duckdbDigests, hyparquetDigests } from './readers.ts'
import { canariesOf, findResidue } from './residue.ts'
import { binary, child, integer, integers } from './thrift-tree.ts'

/** What became of an erasure: refused by name, or an output with all that is wrong with it. */
export type Verdict =
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'erased'; readonly output: Uint8Array; readonly faults: readonly string[] }

export interface JudgeOptions {
  /** Folder for the files that DuckDB is to read; without it DuckDB is not asked. */
  readonly folder?: string
}

/**
 * Erases rows by ordinal and holds the output against the source, which two other readers and the tests' own walker
 * read: rows, descriptions, untouched pages, counts, statistics, residue.
 *
 * @throws Error where the eraser fails otherwise than by a refusal
 */
export async function judgeErasure(
  source: Uint8Array,
  rows: Iterable<number>,
  options: JudgeOptions = {},
): Promise<Verdict> {
  const erased = new Set(rows)
  let output: Uint8Array
  try {
    output = await eraseRows(
      source,
      [...erased].sort((a, b) => a - b),
    )
  } catch (error) {
    if (!(error instanceof LetheError) || error.outcome !== 'refused') throw error
    return { kind: 'refused', code: error.code, message: error.message }
  }
  return { kind: 'erased', output, faults: await faultsOfErasure(source, output, erased, options) }
}

/** What is wrong with an output; a reader that cannot read the source is not asked about the output. */
export async function faultsOfErasure(
  source: Uint8Array,
  output: Uint8Array,
  erased: ReadonlySet<number>,
  { folder }: JudgeOptions,
): Promise<string[]> {
  const faults: string[] = []
  const isErased = (row: number): boolean => erased.has(row)
  const sourceImage = attempt(() => decodableImage(source))
  if (sourceImage !== undefined) {
    const image = readImage(output)
    faults.push(...erasureFaults(sourceImage, image, isErased).map(({ kind, where }) => `${kind}: ${where}`))
    const residue = findResidue(image, canariesOf(sourceImage, isErased), {
      sourceGroups: sourceGroups(sourceImage, image, isErased),
    })
    const untrue = untrueBounds(sourceImage)
    for (const { place, where } of residue) {
      const isBound = /statistics|column index/.test(place)
      if (!isBound || !untrue.has(columnOf(where))) faults.push(`residue in ${place}: ${where}`)
    }
  }
  const compare = async (reader: string, digestsOf: (bytes: Uint8Array) => Promise<string[]>): Promise<void> => {
    const before = await digestsOf(source).catch(() => undefined)
    if (before === undefined) return
    const after = await digestsOf(output).catch((error: Error) => error.message)
    const expected = before.filter((_, row) => !isErased(row))
    if (typeof after === 'string') faults.push(`${reader} cannot read the output: ${after}`)
    else if (after.join() !== expected.join()) faults.push(`${reader} reads other rows`)
  }
  // It reads beyond a damaged page into the next structure: then what it sees depends on where things stand.
  if (sourceImage !== undefined && !isCutByHyparquet(sourceImage) && !hasOldLevels(sourceImage)) {
    await compare('hyparquet', hyparquetDigests)
  }
  if (folder !== undefined) await compare('DuckDB', (bytes) => digestsOfFile(folder, bytes))
  return faults
}

/**
 * DuckDB's unsigned 32-bit columns with delta encoding begin with a value of up to 33 bits, whose last bit hyparquet
 * cuts off: it reads the file wrong, and right once Lethe has written the page as the format has it.
 */
function isCutByHyparquet({ footer, groups }: Image): boolean {
  const isDuckdb = Buffer.from(binary(footer, ids.file.createdBy) ?? [])
    .toString()
    .startsWith('DuckDB')
  return isDuckdb && groups.some((group) => group.chunks.some(isUnsignedDelta))
}

function isUnsignedDelta({ leaf, meta }: ImageChunk): boolean {
  return leaf.type === 'INT32' && leaf.order === 'unsigned' && (integers(meta, ids.meta.encodings) ?? []).includes(5)
}

/** Columns of a damaged source whose bounds are not of their values: they tell nothing of a person. */
function untrueBounds(source: Image): ReadonlySet<string> {
  return new Set(faultsOf(source).flatMap(({ kind, where }) => (kind.includes('bounds') ? [columnOf(where)] : [])))
}

function columnOf(where: string): string {
  return where.replace(/^group \d+ /, '').replace(/( page \d+)?( statistics)?$/, '')
}

/** hyparquet takes them for levels of the new encoding, whatever their page says. */
function hasOldLevels({ groups }: Image): boolean {
  return groups.some(({ chunks }) =>
    chunks.some(({ leaf, pages }) =>
      pages.some(({ header }) => {
        const v1 = child(header, ids.page.v1)
        return v1 !== undefined && hasBitPackedLevels(v1, leaf)
      }),
    ),
  )
}

let files = 0

async function digestsOfFile(folder: string, bytes: Uint8Array): Promise<string[]> {
  // A name of its own: DuckDB caches footers by path.
  const path = `${folder}/${files++}.parquet`
  writeFileSync(path, bytes)
  return duckdbDigests(path)
}

/** Ordinals to try on a file of that many rows. */
export function selections(rows: number): Record<'none' | 'first' | 'last' | 'middle' | 'all', number[]> {
  return {
    none: [],
    first: range(0, Math.min(1, rows)),
    last: range(Math.max(0, rows - 1), rows),
    middle: range(rows >> 1, Math.min(rows, (rows >> 1) + 1)),
    all: range(0, rows),
  }
}

/** @throws Error where pages cannot be decoded or rows do not add up: then the walker has nothing to compare with. */
function decodableImage(bytes: Uint8Array): Image {
  const image = readImage(bytes)
  for (const { tree, chunks } of image.groups) {
    for (const chunk of chunks) {
      const rows = rowTexts(decodeChunk(chunk), chunk.leaf).length
      if (rows !== integer(tree, ids.group.numRows)) throw new RangeError('a chunk has other rows than its group')
    }
  }
  return image
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
