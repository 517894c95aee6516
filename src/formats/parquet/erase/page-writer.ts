import { crc32 } from 'node:zlib'
import type { Spool } from '../../spool.ts'
import { type CompressOptions, compressAside, release } from '../codecs.ts'
import { PageHeader } from '../metadata.ts'
import type { CompressionCodec } from '../metadata-enums.ts'
import type { ThriftStruct } from '../thrift.ts'
import { getField, setField } from '../thrift-fields.ts'
import { writeThrift } from '../thrift-writer.ts'
import { ByteSink } from './byte-sink.ts'
import { type ChunkPage, newPage } from './chunk-page.ts'
import type { PagePlace } from './page-walk.ts'

/** A page that is to take the place of one of the source. Its bytes are in a sink of the writer. */
export interface UnsealedPage {
  /** Right but for sizes and CRC. */
  readonly header: ThriftStruct
  /** Stored as they are, before the content. */
  readonly levels: Uint8Array
  readonly content: Uint8Array
  /** What the content is to be compressed with. */
  readonly codec: CompressionCodec
  readonly options: CompressOptions
  /** Entries, those without a value too. */
  readonly numValues: number
}

interface Slot {
  readonly sink: ByteSink
  /** Compresses the page and appends it to the spool, after all pages before it. */
  finish: (() => Promise<void>) | undefined
}

/** Pages at work at once: one is edited, others are compressed meanwhile. */
const slotCount = 4
/** A page of more is compressed alone: what several hold must not grow with the size of pages. */
const maxAsideBytes = 8 * 1024 * 1024

/**
 * Compresses new pages, several at once and on other threads, and appends them to the spool in the order in which they
 * were given. Holds as many sinks as pages may be at work; who edits a page asks for one, fills it, and gives the page.
 *
 *     const sink = await writer.sink()
 *     ...
 *     await writer.write(place, page, (written) => pages.push(written))
 *     await writer.finish()
 */
export class PageWriter {
  readonly #spool: Spool
  readonly #slots: readonly Slot[] = Array.from({ length: slotCount }, () => ({
    sink: new ByteSink(),
    finish: undefined,
  }))
  /** The slot of the page at hand; the one behind it holds the oldest page that is not written. */
  #at = 0

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /** An empty sink, the same until a page is given. */
  async sink(): Promise<ByteSink> {
    const slot = this.#slots[this.#at]!
    await finishSlot(slot)
    slot.sink.clear()
    return slot.sink
  }

  /** Takes a page whose bytes are in the last sink; `onWritten` is called once it is in the spool. */
  async write(place: PagePlace, page: UnsealedPage, onWritten: (page: ChunkPage) => void): Promise<void> {
    const compressed = compressAside(page.codec, page.content, page.options)
    // Whoever fails meanwhile leaves it to itself; its failure must not end the process.
    compressed.catch(() => undefined)
    this.#slots[this.#at]!.finish = async () => onWritten(await this.#append(place, page, await compressed))
    this.#at = (this.#at + 1) % slotCount
    if (page.content.length > maxAsideBytes) await this.finish()
  }

  /** Waits until all pages are in the spool. */
  async finish(): Promise<void> {
    for (let behind = 0; behind < slotCount; behind += 1)
      await finishSlot(this.#slots[(this.#at + behind) % slotCount]!)
  }

  async #append(place: PagePlace, page: UnsealedPage, compressed: Uint8Array): Promise<ChunkPage> {
    const { levels, content, header: struct, numValues } = page
    const body = levels.length === 0 ? compressed : Buffer.concat([levels, compressed])
    const uncompressedBytes = levels.length + content.length
    setSizes(struct, { body, uncompressedBytes })
    const written = await newPage(
      place,
      { header: writeThrift(struct), body, uncompressedBytes, numValues },
      this.#spool,
    )
    release(compressed, content)
    return written
  }
}

async function finishSlot(slot: Slot): Promise<void> {
  const { finish } = slot
  slot.finish = undefined
  await finish?.()
}

/** Sizes and, where the source has one, the CRC of a page whose body is new. */
function setSizes(
  header: ThriftStruct,
  { body, uncompressedBytes }: { body: Uint8Array; uncompressedBytes: number },
): void {
  setField(header, PageHeader.uncompressedPageSize, uncompressedBytes)
  setField(header, PageHeader.compressedPageSize, body.length)
  if (getField(header, PageHeader.crc) !== undefined) setField(header, PageHeader.crc, crc32(body) | 0)
}
