/**
 * What a person should know about an object although it could be searched.
 *
 * - `array-at-key`: rows with an array or object where a match looks for a value; it matches nothing.
 * - `malformed-kept`: broken rows that were kept byte for byte (`--malformed keep`).
 * - `value-not-of-type`: match texts that cannot be a value of the column's type; they match nothing there.
 * - `old-versions-kept`: versions that are not current and were kept by request: the rows are still in them.
 * - `unfinished-uploads`: uploads under the object's key that somebody else began and has not finished.
 * - `name-still-tells`: matching rows whose match hit a partition folder's or the object's own name, which stays.
 */
export type WarningCode =
  | 'array-at-key'
  | 'malformed-kept'
  | 'value-not-of-type'
  | 'name-still-tells'
  | 'old-versions-kept'
  | 'unfinished-uploads'

export interface Warning {
  readonly code: WarningCode
  /** How many rows, or texts for `value-not-of-type`. */
  readonly count: number
}
