import type { Ranges } from '../domain/ranges.ts'
import type { Found, Inspection, Probe, Search } from './format.ts'

/**
 * A format whose rows follow one another as bytes (NDJSON, CSV), so that an erasure is a set of byte ranges left out
 * of a stream. Such a format says how its rows are found in a stream; `plain` and the compressions make formats of it.
 */
export interface RowFormat {
  readonly name: string

  detect(probe: Probe): 'content' | 'name' | 'no'

  /**
   * Finds the matching rows of a stream, which is read once, in order, to its end. `ranges` is always there: erasing
   * exactly these bytes leaves a valid object that holds the other rows, each byte for byte as it was.
   *
   * `openStream` may be called again where a second look at the same bytes is needed.
   */
  scan(openStream: () => AsyncIterable<Uint8Array>, search: Search): Promise<RowsFound>

  /**
   * Proves the erasure of `found.ranges` by reading only those bytes, and what touches them, through `read`:
   * they are whole rows, as many as were found, every one of them matches, and what stays on either side joins well.
   * Reads begin where an earlier one ended, or later: a stream that can only be read in order serves them too.
   *
   * @throws LetheError `not-verified`
   */
  verifyErased(
    read: (start: number, end: number) => Promise<Uint8Array>,
    request: { readonly size: number; readonly found: RowsFound; readonly search: Search },
  ): Promise<void>

  inspect(stream: AsyncIterable<Uint8Array>, options?: { readonly signal?: AbortSignal }): Promise<Inspection>
}

export interface RowsFound extends Omit<Found, 'estimate'> {
  readonly ranges: Ranges
  /** Length of the stream in bytes. */
  readonly streamBytes: number
}
