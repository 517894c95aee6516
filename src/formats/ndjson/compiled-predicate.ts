import type { Predicate } from '../../domain/predicate.ts'
import { type TupleLookup, tupleLookupOf } from '../../domain/tuple-lookup.ts'
import { type ColumnNode, columnTrie, isPath, pathOf } from './columns.ts'
import { ValueTable } from './value-table.ts'

/** One column of one tuple group: the texts that the column must equal. */
export interface Slot {
  /** Position in `columns`. */
  readonly column: number
  /** Position in `groups`. */
  readonly group: number
  readonly values: ValueTable
}

export interface CompiledGroup {
  /** Positions in `slots`, in the order of the group's columns. */
  readonly slots: readonly number[]
  readonly lookup: TupleLookup
  readonly positions: Uint32Array
}

/**
 * A key behind which a value of a column may lie: the name of the column, or the last step of its path. All that the
 * fast look at a line knows of columns; it errs on the side of looking closer.
 */
export interface KeyOfInterest {
  /** In lower case. */
  readonly key: string
  readonly columns: readonly number[]
  /** Positions in `slots`. */
  readonly slots: readonly number[]
  /** The values are the elements of an array here. */
  readonly hasElements: boolean
  /** The value is here: an array or object is none. */
  readonly isLeaf: boolean
}

/** A predicate made ready for JSON lines, once for all objects of a run. */
export interface CompiledPredicate {
  readonly columns: readonly string[]
  readonly trie: ColumnNode
  readonly slots: readonly Slot[]
  /** For each column the positions of its slots. */
  readonly slotsOfColumn: readonly (readonly number[])[]
  readonly groups: readonly CompiledGroup[]
  readonly keys: readonly KeyOfInterest[]
  /** Whether a column may lie below the top level. */
  readonly hasPaths: boolean
}

const compiled = new WeakMap<Predicate, CompiledPredicate>()

export function compilePredicate(predicate: Predicate): CompiledPredicate {
  let result = compiled.get(predicate)
  if (result === undefined) compiled.set(predicate, (result = compile(predicate)))
  return result
}

function compile(predicate: Predicate): CompiledPredicate {
  const columns = [...predicate.columns.keys()]
  const indexOfColumn = new Map(columns.map((name, index) => [name, index]))
  const slots: Slot[] = []
  const slotsOfColumn: number[][] = columns.map(() => [])
  const groups = predicate.groups.map((group, groupIndex): CompiledGroup => {
    const slotsOfGroup = group.columns.map((name, index) => {
      const column = indexOfColumn.get(name)!
      slotsOfColumn[column]!.push(slots.length)
      return slots.push({ column, group: groupIndex, values: new ValueTable(group.texts[index]!) }) - 1
    })
    return { slots: slotsOfGroup, lookup: tupleLookupOf(group), positions: group.positions }
  })
  return {
    columns,
    trie: columnTrie(columns),
    slots,
    slotsOfColumn,
    groups,
    keys: keysOfInterest(columns, slotsOfColumn),
    hasPaths: columns.some((name) => isPath(pathOf(name))),
  }
}

function keysOfInterest(
  columns: readonly string[],
  slotsOfColumn: readonly (readonly number[])[],
): readonly KeyOfInterest[] {
  const keys = new Map<string, { columns: number[]; slots: number[]; hasElements: boolean; isLeaf: boolean }>()
  const note = (name: string, column: number, hasElements: boolean): void => {
    const key = name.toLowerCase()
    let noted = keys.get(key)
    if (noted === undefined) keys.set(key, (noted = { columns: [], slots: [], hasElements: false, isLeaf: false }))
    noted.columns.push(column)
    noted.slots.push(...slotsOfColumn[column]!)
    if (hasElements) noted.hasElements = true
    else noted.isLeaf = true
  }
  columns.forEach((name, column) => {
    note(name, column, false)
    const path = pathOf(name)
    const last = path[path.length - 1]!
    if (isPath(path)) note(last.key, column, last.arrays > 0)
  })
  return [...keys].map(([key, noted]) => ({ key, ...noted }))
}
