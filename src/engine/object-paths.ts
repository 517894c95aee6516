import { LetheError } from '../domain/error.ts'
import { type PartitionColumn, partitionColumns } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { ListedObject } from '../ports/object-store.ts'

type Paths = Pick<ListedObject, 'key' | 'linkPath'>

/** The paths that lead to an object: where it is, and the link that it was reached by. */
export function pathsOf({ key, linkPath }: Paths): readonly string[] {
  return linkPath === undefined ? [key] : [linkPath, key]
}

/** The object's own name, without folders, by which its format may be told: that of the link first. */
export function nameOf(object: Paths): string {
  const path = pathsOf(object)[0]!
  return path.slice(path.lastIndexOf('/') + 1)
}

/**
 * The partition columns that the folders above an object give to its rows. A link has folders of its own: their columns
 * count as well.
 *
 * @throws LetheError `ambiguous-column` where the two paths give a column that a match names two different values: the
 *   rows are one person's by the one path, and not by the other.
 */
export function partitionsOf(object: Paths, { columns }: Pick<Predicate, 'columns'>): readonly PartitionColumn[] {
  const [first = [], second = []] = pathsOf(object).map(partitionColumns)
  const named = new Map([...columns].map(([column, position]) => [column.toLowerCase(), position]))
  const added = second.filter(({ name, value }) => {
    const known = first.filter((column) => column.name === name)
    if (known.length === 0 || known.some((column) => column.value === value)) return known.length === 0
    const position = named.get(name.toLowerCase())
    if (position !== undefined) throw ambiguous(position)
    return false
  })
  return [...first, ...added]
}

function ambiguous(position: number): LetheError {
  return new LetheError(
    'ambiguous-column',
    'its folders and those of the link that leads to it give a column different values; name it without the link',
    { detail: { position } },
  )
}
