import { malformed } from '../malformed.ts'
import { Statistics } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, hasField, removeField, setField } from '../thrift-fields.ts'
import { type Bound, mayTell } from './tells-value.ts'

/** What of a column's level entries is gone. */
export interface ErasedCounts {
  /** Entries without a value. */
  readonly nulls: number
  readonly values: number
}

/** Watches the values that go, and so learns what of the statistics of a chunk or page may stay. */
export class StatisticsWatch {
  readonly #statistics: ThriftStruct
  readonly #column: LeafColumn
  readonly #bounds: readonly Bound[]
  #isTold = false

  constructor(statistics: ThriftStruct, column: LeafColumn) {
    this.#statistics = statistics
    this.#column = column
    this.#bounds = boundsOf(statistics)
  }

  see(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isTold || this.#bounds.length === 0) return
    const value = bytes.subarray(start, end)
    this.#isTold = this.#bounds.some((bound) => mayTell(bound, this.#column, value))
  }

  /**
   * The statistics of what stays: right, or without the field. Bounds that no erased value tells still hold, because
   * a value that stays is what they were made of.
   *
   * @throws LetheError `malformed` for a null count that is less than the nulls that were there
   */
  edited({ nulls, values }: ErasedCounts): ThriftStruct {
    const edited = copyStruct(this.#statistics)
    // The order of INT96 is undefined, so that nobody can say what its bounds are of.
    if (this.#isTold || this.#column.physicalType === 'INT96')
      for (const field of boundFields) removeField(edited, field)
    if (values > 0) for (const field of [Statistics.distinctCount, Statistics.nanCount]) removeField(edited, field)
    if (nulls > 0 && hasField(edited, Statistics.nullCount)) this.#countNulls(edited, nulls)
    return edited
  }

  #countNulls(edited: ThriftStruct, nulls: number): void {
    // Writers disagree on whether an empty list is a null.
    if (this.#column.maxRepetitionLevel > 0) {
      removeField(edited, Statistics.nullCount)
      return
    }
    const left = getField(edited, Statistics.nullCount)! - nulls
    if (left < 0) throw malformed('the statistics have fewer nulls than the column')
    setField(edited, Statistics.nullCount, left)
  }
}

const boundFields = [
  Statistics.max,
  Statistics.min,
  Statistics.maxValue,
  Statistics.minValue,
  Statistics.isMaxValueExact,
  Statistics.isMinValueExact,
] as const

function boundsOf(statistics: ThriftStruct): Bound[] {
  const exactMin = getField(statistics, Statistics.isMinValueExact) ?? false
  const exactMax = getField(statistics, Statistics.isMaxValueExact) ?? false
  const candidates = [
    { kind: 'min', bytes: getField(statistics, Statistics.minValue), isExact: exactMin },
    { kind: 'max', bytes: getField(statistics, Statistics.maxValue), isExact: exactMax },
    { kind: 'min', bytes: getField(statistics, Statistics.min), isExact: false },
    { kind: 'max', bytes: getField(statistics, Statistics.max), isExact: false },
  ] as const
  return candidates.flatMap(({ bytes, ...rest }) => (bytes === undefined ? [] : [{ bytes, ...rest }]))
}
