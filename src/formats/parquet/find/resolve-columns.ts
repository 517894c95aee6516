import { chooseColumn } from '../../../domain/column.ts'
import { LetheError } from '../../../domain/error.ts'
import { type PartitionColumn, partitionsBeside } from '../../../domain/partition.ts'
import type { Predicate } from '../../../domain/predicate.ts'
import type { GroupColumn, LeafColumn, Schema } from '../schema.ts'

/** What a column that a match names is in one file. `none`: the file has no such column, so nothing matches there. */
export type ResolvedColumn =
  | { readonly kind: 'leaf'; readonly column: LeafColumn }
  | { readonly kind: 'partition'; readonly value: string | null }
  | { readonly kind: 'none' }

/**
 * Resolves every column that a predicate names, by the rules of `chooseColumn`: a column of that very name, else the
 * path of one inside structs, else a partition folder's; else what differs in case alone among all of these.
 *
 * @throws LetheError `ambiguous-column` where several are meant, `unsupported-key` for one that is no single value of a
 *   row: a struct, list or map, or what lies inside a list, map or variant
 */
export function resolveColumns(
  { columns }: Predicate,
  { schema, partitions }: { readonly schema: Schema; readonly partitions: readonly PartitionColumn[] },
): Map<string, ResolvedColumn> {
  return new Map([...columns].map(([name, position]) => [name, resolveColumn({ name, position }, schema, partitions)]))
}

/** A column that a match names, and the position of that match: the name itself may be somebody's id. */
interface Named {
  readonly name: string
  readonly position: number
}

function resolveColumn(named: Named, schema: Schema, partitions: readonly PartitionColumn[]): ResolvedColumn {
  const paths = schema.columns.map((column) => column.path.join('.'))
  const topLevel = schema.columns.filter((column) => column.path.length === 1)
  // A column of that very name comes before a path that is spelt alike.
  const column =
    exactly(named, topLevel, (candidate) => candidate.path[0]!) ??
    exactly(named, schema.columns, (candidate) => candidate.path.join('.'))
  if (column !== undefined) return singleValue(named, column)

  const folders = partitionsBeside(partitions, paths)
  const choices = [...paths, ...folders.map((folder) => folder.name)]
  const choice = chooseColumn(named.name, choices)
  if (choice.kind === 'ambiguous') throw ambiguous(named)
  if (choice.kind === 'none') return withoutColumn(named, schema)
  const partition = folders[choice.index - paths.length]
  if (partition !== undefined) return { kind: 'partition', value: partition.value }
  return singleValue(named, schema.columns[choice.index]!)
}

function exactly<Column>(
  named: Named,
  columns: readonly Column[],
  nameOf: (column: Column) => string,
): Column | undefined {
  const [first, second] = columns.filter((column) => nameOf(column) === named.name)
  if (second !== undefined) throw ambiguous(named)
  return first
}

function singleValue(named: Named, column: LeafColumn | GroupColumn): ResolvedColumn {
  if (column.kind === 'group') throw unsupportedKey(named, 'is a struct, list or map')
  if (column.maxRepetitionLevel > 0) throw unsupportedKey(named, 'lies inside a list or map')
  const enclosing = column.groups.find((group) => !isStruct(group))
  if (enclosing !== undefined) throw unsupportedKey(named, `lies inside a ${enclosing.type.kind}`)
  return { kind: 'leaf', column }
}

/** No column has the name. Where it leads into a list, map or variant it may mean something that is there all the same. */
function withoutColumn(named: Named, { columns }: Schema): ResolvedColumn {
  const name = named.name.toLowerCase()
  for (const column of columns) {
    if (column.kind === 'leaf' ? column.repetition !== 'REPEATED' : isStruct(column)) continue
    const path = column.path.join('.').toLowerCase()
    if (name.startsWith(`${path}.`) || name.startsWith(`${path}[`)) {
      throw unsupportedKey(named, 'leads into a list, map or variant')
    }
  }
  return { kind: 'none' }
}

function isStruct({ type, repetition }: GroupColumn): boolean {
  return type.kind === 'none' && repetition !== 'REPEATED'
}

/** The refusal of a key column; says its match by position. */
export function unsupportedKey({ position }: Pick<Named, 'position'>, why: string): LetheError {
  return new LetheError('unsupported-key', `the column that match ${position + 1} names ${why}`, {
    detail: { position },
  })
}

function ambiguous({ position }: Named): LetheError {
  return new LetheError('ambiguous-column', `match ${position + 1} names a column of which there are several`, {
    detail: { position },
  })
}
