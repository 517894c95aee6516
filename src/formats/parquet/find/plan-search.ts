import { LetheError } from '../../../domain/error.ts'
import type { TupleGroup } from '../../../domain/predicate.ts'
import { type TupleLookup, tupleLookupOf } from '../../../domain/tuple-lookup.ts'
import type { Search } from '../../format.ts'
import type { ParquetFile } from '../footer.ts'
import type { LeafColumn } from '../schema.ts'
import { compileKey, type KeyMatcher, type KeyUse } from './key-matcher.ts'
import { type ResolvedColumn, resolveColumns, unsupportedKey } from './resolve-columns.ts'

/** A predicate compiled for one file. */
export interface SearchPlan {
  /** Groups of which a row of the file can be. */
  readonly groups: readonly GroupPlan[]
  /** Columns that the file or its folders have, as the matches spell them. */
  readonly columns: ReadonlySet<string>
  /** Texts that cannot be of their column's type. */
  readonly notOfType: number
}

export interface GroupPlan {
  readonly group: TupleGroup
  readonly lookup: TupleLookup
  /** In the order of the group's columns. */
  readonly columns: readonly ColumnPlan[]
}

export type ColumnPlan =
  | { readonly kind: 'leaf'; readonly leaf: number; readonly matcher: KeyMatcher; readonly use: number }
  /** The same in all rows: a partition's value. The id of the text that it equals. */
  | { readonly kind: 'constant'; readonly textId: number }

/** @throws LetheError `ambiguous-column`, `unsupported-key` */
export function planSearch({ schema }: ParquetFile, { predicate, partitions }: Search): SearchPlan {
  const resolved = resolveColumns(predicate, { schema, partitions })
  const keys = compileKeys(predicate, resolved)
  const groups = predicate.groups.flatMap((group, index) => {
    const columns = planGroup(group, { index, resolved, keys })
    return columns === undefined ? [] : [{ group, columns, lookup: tupleLookupOf(group) }]
  })
  const known = [...resolved].filter(([, column]) => column.kind !== 'none').map(([name]) => name)
  const notOfType = [...keys.values()].reduce((sum, { matcher }) => sum + (matcher?.notOfType ?? 0), 0)
  return { groups, columns: new Set(known), notOfType }
}

interface Key {
  readonly column: LeafColumn
  readonly uses: KeyUse[]
  /** Undefined for a column that holds nothing but nulls. */
  readonly matcher: KeyMatcher | undefined
}

/** A matcher for each leaf that a match names, over all of its uses: several spellings may name one column. */
function compileKeys(
  predicate: Search['predicate'],
  resolved: ReadonlyMap<string, ResolvedColumn>,
): ReadonlyMap<number, Key> {
  const uses = new Map<LeafColumn, { uses: KeyUse[]; position: number }>()
  predicate.groups.forEach(({ columns }, group) => {
    columns.forEach((name, column) => {
      const meant = resolved.get(name)!
      if (meant.kind !== 'leaf') return
      const position = predicate.columns.get(name)!
      const known = uses.get(meant.column)
      if (known === undefined) uses.set(meant.column, { uses: [{ group, column }], position })
      else known.uses.push({ group, column })
    })
  })
  return new Map(
    [...uses].map(([column, { uses: ofColumn, position }]) => {
      const matcher = compileKey(predicate, { column, uses: ofColumn })
      if (matcher === undefined && column.type.kind !== 'null') {
        throw unsupportedKey({ position }, 'is of a type that cannot be compared with a text')
      }
      return [column.index, { column, uses: ofColumn, matcher }]
    }),
  )
}

/** Undefined where no row of the file can be of the group. */
function planGroup(
  { columns, texts }: TupleGroup,
  {
    index,
    resolved,
    keys,
  }: {
    readonly index: number
    readonly resolved: ReadonlyMap<string, ResolvedColumn>
    readonly keys: ReadonlyMap<number, Key>
  },
): ColumnPlan[] | undefined {
  const plans: ColumnPlan[] = []
  for (const [at, name] of columns.entries()) {
    const meant = resolved.get(name)!
    if (meant.kind === 'none') return undefined
    if (meant.kind === 'partition') {
      const textId = meant.value === null ? -1 : texts[at]!.indexOf(meant.value)
      if (textId === -1) return undefined
      plans.push({ kind: 'constant', textId })
      continue
    }
    const key = keys.get(meant.column.index)
    if (key === undefined) throw new LetheError('internal', 'a key column was not compiled')
    if (key.matcher === undefined || key.matcher.count === 0) return undefined
    const use = key.uses.findIndex((candidate) => candidate.group === index && candidate.column === at)
    plans.push({ kind: 'leaf', leaf: meant.column.index, matcher: key.matcher, use })
  }
  return plans
}
