import { malformed } from '../malformed.ts'
import { Statistics } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, hasField, removeField, setField } from '../thrift-fields.ts'
import { type Bound, isSuspect, mayTell } from './tells-value.ts'
import type { ValueBounds } from './value-bounds.ts'
import { type CompareValues, isNaNValue } from './value-order.ts'

/** Is told of the values that go. */
export interface ValueWatch {
  /** The value is `bytes[start..end]`. */
  see(bytes: Uint8Array, start: number, end: number): void
}

/** Watches the values that go, and so learns whether bounds may tell one of them, and whether they hold at all. */
export class BoundsWatch implements ValueWatch {
  readonly #bounds: readonly Bound[]
  readonly #column: LeafColumn
  readonly #compare: CompareValues | undefined
  #isTold = false
  #isBroken = false

  /** @param compare the order of the bounds, where a value outside of them is to be noticed */
  constructor(bounds: readonly Bound[], column: LeafColumn, compare?: CompareValues) {
    this.#bounds = bounds
    this.#column = column
    this.#compare = compare
  }

  get isTold(): boolean {
    return this.#isTold
  }

  /** A value was outside of the bounds: they are of other values. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  see(bytes: Uint8Array, start: number, end: number): void {
    if (this.#bounds.length === 0) return
    const mayBeTold = !this.#isTold && this.#bounds.some((bound) => isSuspect(bound, this.#column, bytes, start, end))
    if (!mayBeTold && this.#compare === undefined) return
    const value = bytes.subarray(start, end)
    if (mayBeTold) this.#isTold = this.#bounds.some((bound) => mayTell(bound, this.#column, value))
    this.#isBroken ||= this.#bounds.some((bound) => this.#excludes(bound, value))
  }

  #excludes({ kind, bytes }: Bound, value: Uint8Array): boolean {
    if (this.#compare === undefined || isNaNValue(this.#column, value)) return false
    const order = this.#compare(bytes, value)
    return kind === 'min' ? order > 0 : order < 0
  }
}

/** What is gone of a chunk or page. */
export interface StatisticsErasure {
  /** Entries without a value. */
  readonly nulls: number
  readonly values: number
  /** Values that are NaN. */
  readonly nans: number
  /** Of what stays, where they are known. */
  readonly bounds?: (ValueBounds & { readonly isExact: boolean }) | undefined
}

/** Watches the values that go, and so learns what of the statistics of a chunk or page may stay. */
export class StatisticsWatch extends BoundsWatch {
  readonly #statistics: ThriftStruct
  readonly #column: LeafColumn

  constructor(statistics: ThriftStruct, column: LeafColumn) {
    super(boundsOf(statistics), column)
    this.#statistics = statistics
    this.#column = column
  }

  /**
   * The statistics of what stays: right, or without the field. Bounds that no erased value tells still hold, because
   * a value that stays is what they were made of.
   *
   * @throws LetheError `malformed` for a null count that is less than the nulls that were there
   */
  edited({ nulls, values, nans, bounds }: StatisticsErasure): ThriftStruct {
    const edited = copyStruct(this.#statistics)
    // The order of INT96 is undefined, so that nobody can say what its bounds are of.
    if (this.isTold || this.#column.physicalType === 'INT96') {
      for (const field of boundFields) removeField(edited, field)
      if (bounds !== undefined) setBounds(edited, { ...bounds, source: this.#statistics })
    }
    if (values > 0) removeField(edited, Statistics.distinctCount)
    if (nans > 0) subtract(edited, Statistics.nanCount, nans)
    // Writers disagree on whether an empty list is a null.
    if (nulls > 0 && this.#column.maxRepetitionLevel > 0) removeField(edited, Statistics.nullCount)
    else if (nulls > 0) subtract(edited, Statistics.nullCount, nulls)
    return edited
  }
}

function subtract(statistics: ThriftStruct, field: typeof Statistics.nullCount, gone: number): void {
  const count = getField(statistics, field)
  if (count === undefined) return
  if (count < gone) throw malformed(`${field.name} is less than what there was`)
  setField(statistics, field, count - gone)
}

function setBounds(
  edited: ThriftStruct,
  { min, max, isExact, source }: ValueBounds & { isExact: boolean; source: ThriftStruct },
): void {
  // The deprecated pair has another order; who has only that keeps none.
  if (!hasField(source, Statistics.minValue) || !hasField(source, Statistics.maxValue)) return
  setField(edited, Statistics.minValue, min)
  setField(edited, Statistics.maxValue, max)
  for (const field of [Statistics.isMinValueExact, Statistics.isMaxValueExact]) {
    if (hasField(source, field)) setField(edited, field, isExact)
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
