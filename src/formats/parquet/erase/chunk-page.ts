import type { Piece } from '../../edit.ts'
import type { Spool } from '../../spool.ts'
import { unsupported } from '../malformed.ts'
import type { Encoding } from '../metadata-enums.ts'
import type { PagePlace } from './page-walk.ts'

/** A page of the new chunk. */
export interface ChunkPage {
  /** Where it, as it was, begins in the source. */
  readonly sourceOffset: number
  readonly pieces: readonly Piece[]
  /** As stored, header included. */
  readonly storedBytes: number
  /** Header included. */
  readonly uncompressedBytes: number
  readonly kind: 'dictionary' | 'data-v1' | 'data-v2'
  readonly encoding: Encoding
  /** Entries, those without a value too. */
  readonly numValues: number
}

/** A page as it is in the source. */
export function keptPage({ head, offset, headerBytes, end }: PagePlace): ChunkPage {
  if (head.kind === 'index') throw unsupported('index pages')
  return {
    sourceOffset: offset,
    pieces: [{ from: 'source', start: offset, end }],
    storedBytes: end - offset,
    uncompressedBytes: headerBytes + head.uncompressedBytes,
    kind: head.kind,
    encoding: head.encoding,
    numValues: head.numValues,
  }
}

interface NewPage {
  readonly header: Uint8Array
  readonly body: Uint8Array
  /** Of the body. */
  readonly uncompressedBytes: number
  readonly numValues: number
}

/** A page that takes the place of one of the source. */
export async function newPage(
  place: PagePlace,
  { header, body, uncompressedBytes, numValues }: NewPage,
  spool: Spool,
): Promise<ChunkPage> {
  const { start } = await spool.append(header)
  const { end } = await spool.append(body)
  return {
    ...keptPage(place),
    pieces: [{ from: 'spool', start, end }],
    storedBytes: end - start,
    uncompressedBytes: header.length + uncompressedBytes,
    numValues,
  }
}
