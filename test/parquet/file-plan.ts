import type { CodecName } from './decompress.ts'

/** What a generated file is like. The same plan makes the same bytes. */
export interface FilePlan {
  readonly seed: number
  readonly writer: 'duckdb' | 'arrow-rs' | 'hyparquet-writer'
  readonly rows: number
  readonly rowGroupRows: number
  readonly codec: Exclude<CodecName, 'LZO' | 'LZ4'>
  /** Data page version, and with it the encodings that the writer prefers. */
  readonly version: 1 | 2
  /** Of everything that is no key column: how many of the kinds of columns the file has. */
  readonly columns: number
  /** About how long a data page may be, uncompressed. DuckDB always writes one a chunk. */
  readonly pageBytes: number
  /** Beyond it a chunk falls back to another encoding; 0: no dictionary at all. */
  readonly dictionaryBytes: number
  /** For columns without a dictionary, where the type allows it. */
  readonly encoding: 'PLAIN' | 'DELTA' | 'BYTE_STREAM_SPLIT'
  readonly statistics: 'none' | 'chunk' | 'page'
  readonly bloom: boolean
  /** Gives pages a CRC. No writer here does: they are put in afterwards. */
  readonly checksums: boolean
  /** Rows that the file has not: the table is the same, so this is what an erasure of them has to be in rows. */
  readonly without?: readonly number[]
}
