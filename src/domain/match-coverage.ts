import { chooseColumn } from './column.ts'
import { columnsOfMapper, type DataMapper } from './data-mapper.ts'

/**
 * Whether a match that names these columns can be looked for with one of the mappers: one that has all of them, among its
 * keys, other columns or partition keys. A match that names none can with any.
 */
export function canBeSearched(columns: readonly string[], mappers: readonly DataMapper[]): boolean {
  if (columns.length === 0) return true
  return mappers.some((mapper) => {
    const known = columnsOfMapper(mapper)
    return columns.every((column) => chooseColumn(column, known).kind !== 'none')
  })
}
