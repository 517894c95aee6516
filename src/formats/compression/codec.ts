import type { RangeSource } from '../range-source.ts'
import type { ByteReaderOptions } from './byte-reader.ts'

/**
 * What a compressed object is made of, in order: members (gzip members, zstd frames, ...), each decompressed by itself,
 * and what stands between them and means nothing (padding, skippable frames).
 */
export type Decoded =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A member, whose bytes came before, ends. */
  | { readonly kind: 'member'; readonly start: number; readonly end: number; readonly names: readonly string[] }

/** The members that lie in a range of the source, and what they decompress to. */
export interface Unit {
  readonly start: number
  readonly end: number
  readonly streamStart: number
  readonly streamEnd: number
}

/** A compression around row formats. */
export interface Codec {
  readonly name: string
  /** The endings that it adds to the names of objects. */
  readonly ending: RegExp
  /** Whether an object begins as one of this compression; `name` where only its name can tell. */
  recognise(head: Uint8Array): 'content' | 'name' | 'no'
  /** How many first bytes `peek` needs where the usual few do not make a block. */
  readonly peekBytes?: number
  /** What the first bytes of an object decompress to, as far as it goes; bounded. */
  peek(head: Uint8Array): Uint8Array | Promise<Uint8Array>
  /**
   * Decompresses a range that begins and ends at members; by default the whole source. Checks all that the members
   * hold to be checked, and accounts for every byte of the range.
   *
   * @throws LetheError `malformed`, `unsupported`
   */
  decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded>
  /**
   * Decompresses whole members in another way than `decode`, to verify what `encode` made. Where there is none, the
   * checksums in the members must do.
   */
  readonly decodeAgain?: (stream: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
  /**
   * Makes sure that a unit can be replaced or left out: nothing beside it tells its size or place.
   *
   * @throws LetheError `unsupported`
   */
  readonly requireReplaceable?: (source: RangeSource, unit: Unit) => Promise<void>
  /**
   * Compresses a stream to one member like the first one of the unit: the same header as far as it stays true, a
   * comparable level. Missing where nothing that is well kept writes the compression: then its objects can be found in
   * and are refused for erasing, never another compression in its place.
   */
  readonly encode?: (stream: AsyncIterable<Uint8Array>, like: Like) => AsyncIterable<Uint8Array>
}

/** What a new member stands in place of, and how long the stream is that it compresses. */
export interface Like {
  readonly source: RangeSource
  readonly unit: Unit
  readonly streamBytes: number
}
