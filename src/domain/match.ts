/** One column and the text that it must equal. */
export interface ColumnValue {
  readonly column: string
  readonly value: string
}

/**
 * What identifies a person's rows. `position` is the ordinal of the match among all of a run's matches, from 0: errors
 * and warnings speak of a match by its position, because its value, and sometimes its column, is a secret.
 *
 * - simple: one value, in `column`; without a column, in every key column of the data mapper.
 * - composite: column = value, all of them in the same row. One of a single column means the same as a simple match.
 */
export type Match =
  | { readonly kind: 'simple'; readonly value: string; readonly column?: string; readonly position: number }
  | { readonly kind: 'composite'; readonly values: readonly ColumnValue[]; readonly position: number }

/** True for a value that begins or ends with white space, which a person seldom means and Lethe never trims. */
export function hasEdgeSpace(value: string): boolean {
  return value !== value.trim()
}
