import type { Ranges } from '../../../domain/ranges.ts'
import type { LeafColumn } from '../schema.ts'
import type { ByteSink } from './byte-sink.ts'

/** Told of every value that goes, in order. */
export interface ErasedValues {
  /** `bytes[start..end]`: the value as PLAIN writes it, without a length; a boolean is one byte, 0 or 1. */
  value(bytes: Uint8Array, start: number, end: number): void
  /** An entry of the chunk's dictionary, `times` in a row. */
  entry(index: number, times: number): void
}

/** Told of the levels that go. */
export interface ErasedLevels {
  repetitionLevel(level: number, times: number): void
  definitionLevel(level: number, times: number): void
}

export interface ValueSplice {
  readonly column: Pick<LeafColumn, 'physicalType' | 'typeLength'>
  /** Values in the section; none of them is null. */
  readonly count: number
  /** Ordinals of those to leave out. */
  readonly drops: Ranges
  readonly sink: ByteSink
  readonly erased: ErasedValues
}
