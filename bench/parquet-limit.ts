import { copyFile, open, readFile } from 'node:fs/promises'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressSync as snappyCompress, uncompressSync as snappyUncompress } from 'snappy'
import type { Ranges } from '../src/domain/ranges.ts'
import { ids } from '../test/parquet/ids.ts'
import { type ImageChunk, isDataPage, readImage } from '../test/parquet/image.ts'
import { child, integer } from '../test/parquet/thrift-tree.ts'

/** A stored page, where it stands in the file. */
interface StoredPage {
  readonly start: number
  readonly end: number
  readonly uncompressedBytes: number
  readonly codec: 'SNAPPY' | 'ZSTD'
}

const codecs: Readonly<Record<number, StoredPage['codec']>> = { 1: 'SNAPPY', 6: 'ZSTD' }

const decompress = {
  SNAPPY: (bytes: Uint8Array) => snappyUncompress(bytes, { asBuffer: true }) as Buffer,
  ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes),
}
const compress = {
  SNAPPY: (bytes: Uint8Array) => snappyCompress(bytes),
  ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes),
}

/** The pages of flat V1 columns that hold one of the rows. */
export async function touchedPages(path: string, rows: Ranges): Promise<StoredPage[]> {
  const { groups } = readImage(await readFile(path))
  const pages: StoredPage[] = []
  let firstRow = 0
  for (const group of groups) {
    for (const chunk of group.chunks) pages.push(...touchedOf(chunk, firstRow, rows))
    firstRow += integer(group.tree, ids.group.numRows)!
  }
  return pages
}

function touchedOf(chunk: ImageChunk, groupStart: number, rows: Ranges): StoredPage[] {
  let row = groupStart
  return chunk.pages.flatMap((page) => {
    const start = row
    if (isDataPage(page)) row += integer(child(page.header, ids.page.v1), ids.v1.numValues)!
    return row > start && rows.sizeWithin(start, row) > 0 ? [storedPage(chunk, page)] : []
  })
}

/** Every page of a column. */
export async function pagesOfColumn(path: string, column: string): Promise<StoredPage[]> {
  const { groups } = readImage(await readFile(path))
  const chunks = groups.flatMap((group) => group.chunks).filter(({ leaf }) => leaf.path.join('.') === column)
  return chunks.flatMap((chunk) => chunk.pages.map((page) => storedPage(chunk, page)))
}

function storedPage({ meta }: ImageChunk, { start, stored, body, header }: ImageChunk['pages'][number]): StoredPage {
  const bodyStart = start + stored.length - body.length
  return {
    start: bodyStart,
    end: bodyStart + body.length,
    uncompressedBytes: integer(header, ids.page.uncompressedSize)!,
    codec: codecs[integer(meta, ids.meta.codec)!]!,
  }
}

/** The least work there is: copies the file, and decompresses and compresses the pages, at the codec's own speed. */
export async function copyAndRecompress(path: string, out: string, pages: readonly StoredPage[]): Promise<void> {
  await copyFile(path, out)
  await forEachPage(path, pages, (bytes, { codec }) => compress[codec](decompress[codec](bytes)))
}

export async function decompressAll(path: string, pages: readonly StoredPage[]): Promise<void> {
  await forEachPage(path, pages, (bytes, { codec }) => decompress[codec](bytes))
}

async function forEachPage(
  path: string,
  pages: readonly StoredPage[],
  visit: (bytes: Uint8Array, page: StoredPage) => Uint8Array,
): Promise<void> {
  await using file = await open(path)
  const buffer = Buffer.allocUnsafe(Math.max(0, ...pages.map(({ start, end }) => end - start)))
  for (const page of pages) {
    await file.read(buffer, 0, page.end - page.start, page.start)
    visit(buffer.subarray(0, page.end - page.start), page)
  }
}
