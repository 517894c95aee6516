import { chooseColumn } from '../../domain/column.ts'
import { LetheError } from '../../domain/error.ts'
import { type PartitionColumn, partitionsBeside } from '../../domain/partition.ts'
import type { AvroType } from './schema.ts'

/** What of a type is wanted: its own value, that of fields, or that of an array's items. A tree along the paths. */
export interface Selection {
  readonly isColumn: boolean
  readonly fields: ReadonlyMap<string, Selection>
  readonly items: Selection | undefined
}

/** Where a match's column lies. */
export type ColumnPlace =
  | { readonly kind: 'field'; readonly selection: Selection }
  | { readonly kind: 'partition'; readonly value: string | null }
  | { readonly kind: 'none' }

export interface ResolvedColumns {
  readonly root: Selection
  readonly places: ReadonlyMap<string, ColumnPlace>
}

/**
 * Finds the columns that matches name: a path of field names, where `[]` stands for any item of an array
 * (`items[].user_id`), or a partition folder. Unions on the way are passed through; their other branches have no value.
 *
 * @param columns the names, each with the position of the match that it comes from.
 * @throws LetheError `ambiguous-column`, `unsupported-key`
 */
export function resolveColumns(
  row: AvroType,
  { columns, partitions }: { columns: ReadonlyMap<string, number>; partitions: readonly PartitionColumn[] },
): ResolvedColumns {
  const root = new SelectionNode()
  const places = new Map<string, ColumnPlace>()
  for (const [name, position] of columns) places.set(name, resolveColumn(row, { name, position, partitions, root }))
  return { root, places }
}

class SelectionNode implements Selection {
  isColumn = false
  readonly fields = new Map<string, SelectionNode>()
  items: SelectionNode | undefined

  field(name: string): SelectionNode {
    let field = this.fields.get(name)
    if (field === undefined) this.fields.set(name, (field = new SelectionNode()))
    return field
  }
}

interface Wanted {
  readonly name: string
  readonly position: number
  readonly partitions: readonly PartitionColumn[]
  readonly root: SelectionNode
}

function resolveColumn(row: AvroType, { name, position, partitions, root }: Wanted): ColumnPlace {
  const found = pathsLike(row, segmentsOf(name))
  if (found.isBlocked) throw unsupportedKey(position, 'a path through an array (`name[]` is any of its items) or a map')
  const paths = [...found.paths.keys()]
  const folders = partitionsBeside(partitions, paths)
  const choice = chooseColumn(name, [...paths, ...folders.map((folder) => folder.name)])
  if (choice.kind === 'none') return { kind: 'none' }
  if (choice.kind === 'ambiguous') {
    throw new LetheError('ambiguous-column', `match ${position + 1} names a column that several columns answer to`, {
      detail: { position },
    })
  }
  if (choice.index >= paths.length) return { kind: 'partition', value: folders[choice.index - paths.length]!.value }
  const path = paths[choice.index]!
  for (const type of found.paths.get(path)!) requireKey(type, position)
  const selection = select(root, segmentsOf(path))
  selection.isColumn = true
  return { kind: 'field', selection }
}

interface Segment {
  readonly name: string
  /** How many times `[]` follows. */
  readonly arrays: number
}

function segmentsOf(path: string): Segment[] {
  return path.split('.').map((part) => {
    const name = part.replace(/(?:\[\])+$/, '')
    return { name, arrays: (part.length - name.length) / 2 }
  })
}

/**
 * Every path of the schema that is the wanted one but for case, with the types of its value (several, where branches of
 * a union have it). Blocked: it would go on inside an array or a map.
 */
function pathsLike(
  row: AvroType,
  segments: readonly Segment[],
): { paths: Map<string, AvroType[]>; isBlocked: boolean } {
  let paths = new Map<string, AvroType[]>([['', [row]]])
  let isBlocked = false
  for (const { name, arrays } of segments) {
    const longer = new Map<string, AvroType[]>()
    for (const [path, types] of paths) {
      for (const type of branchesOf(types)) {
        if (type.kind === 'array' || type.kind === 'map') isBlocked = true
        if (type.kind !== 'record') continue
        for (const field of type.fields) {
          if (field.name.toLowerCase() !== name.toLowerCase()) continue
          const values = itemsOf([field.type], arrays)
          if (values.some((value) => value === 'map')) isBlocked = true
          const known = values.filter((value) => value !== 'map')
          if (known.length === 0) continue
          const key = `${path === '' ? '' : `${path}.`}${field.name}${'[]'.repeat(arrays)}`
          longer.set(key, [...(longer.get(key) ?? []), ...known])
        }
      }
    }
    paths = longer
  }
  return { paths, isBlocked }
}

/** The types of the items, `depth` arrays deep; `map` where a map is in the way. */
function itemsOf(types: readonly AvroType[], depth: number): (AvroType | 'map')[] {
  let items: (AvroType | 'map')[] = [...types]
  for (let level = 0; level < depth; level += 1) {
    items = items.flatMap((item) =>
      item === 'map'
        ? [item]
        : branchesOf([item]).flatMap((type): (AvroType | 'map')[] => {
            if (type.kind === 'map') return ['map']
            return type.kind === 'array' ? [type.items] : []
          }),
    )
  }
  return items
}

function branchesOf(types: readonly AvroType[]): AvroType[] {
  return types.flatMap((type) => (type.kind === 'union' ? type.branches : [type]))
}

function requireKey(type: AvroType, position: number): void {
  for (const branch of branchesOf([type])) {
    if (branch.kind === 'record' || branch.kind === 'map' || branch.kind === 'array') {
      throw unsupportedKey(position, `values of kind ${branch.kind}`)
    }
    if ('logical' in branch && branch.logical?.kind === 'unsupported') {
      throw unsupportedKey(position, `a logical type that no text is certain to equal`)
    }
  }
}

function select(root: SelectionNode, segments: readonly Segment[]): SelectionNode {
  let node = root
  for (const { name, arrays } of segments) {
    node = node.field(name)
    for (let level = 0; level < arrays; level += 1) node = node.items ??= new SelectionNode()
  }
  return node
}

// By position: in matches read from a file the column's name may be somebody's id.
function unsupportedKey(position: number, what: string): LetheError {
  return new LetheError('unsupported-key', `match ${position + 1} names a column with ${what}, which cannot be a key`, {
    detail: { position },
  })
}
