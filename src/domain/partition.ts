/** A column that a folder's name gives to every row below it; null is hive's mark for a missing value. */
export interface PartitionColumn {
  readonly name: string
  readonly value: string | null
}

/** What hive writes as the value of a folder whose rows have null in the partition column. */
const hiveNull = '__HIVE_DEFAULT_PARTITION__'

/**
 * The partition columns of an object: every folder above it named `name=value`, outermost first, percent-decoded.
 * A folder whose name is no valid percent-encoding is taken as it is written.
 *
 * @param path the object's path with `/` between its parts; its last part, the object's own name, is no folder.
 */
export function partitionColumns(path: string): PartitionColumn[] {
  const folders = path.split('/').slice(0, -1)
  return folders.flatMap((folder) => {
    const at = folder.indexOf('=')
    if (at <= 0) return []
    const value = folder.slice(at + 1)
    return [{ name: percentDecoded(folder.slice(0, at)), value: value === hiveNull ? null : percentDecoded(value) }]
  })
}

/** Those of the folders' columns that the rows have: a folder gives none where the file has a column of that very name. */
export function partitionsBeside(
  partitions: readonly PartitionColumn[],
  columns: readonly string[],
): readonly PartitionColumn[] {
  return partitions.filter(({ name }) => !columns.includes(name))
}

/** Percent-decoded text; as it is where it is no valid percent-encoding. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // `50%` is a legal folder name: what is no escape stands for itself.
    return text
  }
}
