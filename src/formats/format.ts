import type { PartitionColumn } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { Ranges } from '../domain/ranges.ts'
import type { Warning } from '../domain/warning.ts'
import type { Edit } from './edit.ts'
import type { RangeSource } from './range-source.ts'
import type { Spool } from './spool.ts'

/** What to look for in an object, and how. */
export interface Search {
  readonly predicate: Predicate
  /** Text columns of every row that the object's folders give, unless the object has a column of that name. */
  readonly partitions: readonly PartitionColumn[]
  /** What a row that cannot be parsed means: the object is refused, or the row is kept byte for byte and counted. */
  readonly malformed: 'refuse' | 'keep'
  readonly signal?: AbortSignal
  /** Called now and then with the number of source bytes newly dealt with. */
  readonly onProgress?: (bytes: number) => void
}

/** What a find knows of one version of an object. */
export interface Found {
  /** Ordinals of the matching rows, from 0; what counts as a row is the format's (NDJSON: a physical line). */
  readonly rows: Ranges
  /** Row formats: where the matching rows lie, in bytes of the uncompressed object; row by row with `rows`. */
  readonly ranges?: Ranges
  /** Formats of self-contained blocks of rows (Avro): those that hold matching rows, in order. */
  readonly blocks?: readonly FoundBlock[]
  /** Rows that the object holds, decoded or pruned. */
  readonly rowsSeen: number
  /** Rows hit by each match, by the match's position; those without a hit are left out. */
  readonly hits: ReadonlyMap<number, number>
  /** Those of the columns which the matches name that the object has, as the matches spell them; partitions too. */
  readonly columns: ReadonlySet<string>
  readonly warnings: readonly Warning[]
  /** What an erase would keep of the source and insert, in bytes; exact for row formats, an upper bound elsewhere. */
  readonly estimate: { readonly keptBytes: number; readonly insertedBytes: number }
}

/** A block of rows: bytes `start..end` of the source, `rows` rows of which the first is the object's `firstRow`th. */
export interface FoundBlock {
  readonly start: number
  readonly end: number
  readonly firstRow: number
  readonly rows: number
}

/** What `inspect` tells of an object: facts about its structure, names of columns, counts; never a value of a row. */
export interface Inspection {
  readonly format: string
  /** Plain data: it is printed as JSON with `--json`, and as indented lines for people. */
  readonly facts: { readonly [name: string]: Fact }
}
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact }

/**
 * A data format: bytes to rows to edit. Knows no store and no job; every call works on one pinned version.
 *
 * All calls reject with a `LetheError` of outcome `refused` when the object cannot be understood with certainty, and
 * then nothing was or will be touched. They hold memory bounded by a page, a line or a chunk, not by the object.
 */
export interface Format {
  readonly name: string

  inspect(source: RangeSource, options?: { readonly signal?: AbortSignal }): Promise<Inspection>

  /** Finds the matching rows; reads no more than it needs. */
  find(source: RangeSource, search: Search): Promise<Found>

  /**
   * Makes the edit that leaves the matching rows out. Writes new bytes to the spool, whose content belongs to the edit.
   * `found` is what `find` said with the same search of the same version; the caller guarantees that.
   */
  erase(source: RangeSource, request: EraseRequest): Promise<Edit>

  /**
   * Proves the edited view before anyone can see it, at a cost proportional to the edit: it parses, its counts agree,
   * the predicate finds nothing in what was rewritten, and exactly the kept rows are there.
   *
   * @throws LetheError `not-verified`
   */
  verify(source: RangeSource, request: VerifyRequest): Promise<void>
}

export interface EraseRequest {
  readonly search: Search
  readonly found: Found
  readonly spool: Spool
}

export interface VerifyRequest {
  readonly search: Search
  readonly found: Found
  readonly edit: Edit
}

export type Certainty = 'content' | 'name' | 'no'

/** A format together with how its objects are told from others. */
export interface DetectableFormat extends Format {
  /**
   * How surely the object is of this format.
   *
   * - `content`: its first (or last) bytes say so.
   * - `name`: only its name does; asked when no format knows the content.
   * - `no`.
   */
  detect(probe: Probe): Certainty | Promise<Certainty>
}

/** The little of an object by which its format is told. */
export interface Probe {
  /** The object's own name, without folders. */
  readonly name: string
  readonly size: number
  /** The first bytes, up to `probeBytes`. */
  readonly head: Uint8Array
  /** The last bytes, up to 8. */
  readonly tail: Uint8Array
  /** Reads that many first bytes, or all: for what can only be told from more than the head. */
  readonly first?: (bytes: number) => Promise<Uint8Array>
}
