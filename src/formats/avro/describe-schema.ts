import type { Fact } from '../format.ts'
import type { LogicalType } from './logical-type.ts'
import type { AvroType, RecordType } from './schema.ts'

/** A small schema can describe endlessly many paths; so many are told. */
const maxColumns = 10_000
/** How deep a type within types (array of map of union ...) is spelt out. */
const maxTypeDepth = 4
const maxBranches = 20
/** How many records deep a path goes. */
const maxPathDepth = 64

/** The columns of a schema by the paths that matches name them with: nested records are opened, recursive ones once. */
export function describeColumns(row: AvroType): Fact {
  const columns: Fact[] = []
  const stack: Column[] = [{ path: '', type: row, open: [] }]
  for (let column = stack.pop(); column !== undefined; column = stack.pop()) {
    const inner = recordBelow(column)
    if (inner === undefined || column.open.includes(inner.record) || column.open.length === maxPathDepth) {
      if (columns.length === maxColumns) return [...columns, { name: '...', type: 'more columns than are shown' }]
      columns.push({ name: column.path, type: describeType(column.type, 0) })
      continue
    }
    const { record, path } = inner
    const open = [...column.open, record]
    for (const { name, type } of record.fields.toReversed()) {
      stack.push({ path: path === '' ? name : `${path}.${name}`, type, open })
    }
  }
  return columns
}

interface Column {
  readonly path: string
  readonly type: AvroType
  /** The records that the path goes through. */
  readonly open: readonly RecordType[]
}

/** The record whose fields are the column's: through arrays, and through a union that has but one and nulls. */
function recordBelow(column: Column): { record: RecordType; path: string } | undefined {
  let { type, path } = column
  for (;;) {
    if (type.kind === 'union') {
      const branches = type.branches.filter((branch) => branch.kind !== 'null')
      if (branches.length !== 1) return undefined
      type = branches[0]!
    } else if (type.kind === 'array') {
      path += '[]'
      type = type.items
    } else return type.kind === 'record' && type.fields.length > 0 ? { record: type, path } : undefined
  }
}

function describeType(type: AvroType, depth: number): string {
  if (depth === maxTypeDepth) return '...'
  const inner = (of: AvroType) => describeType(of, depth + 1)
  switch (type.kind) {
    case 'union':
      return [
        ...type.branches.slice(0, maxBranches).map(inner),
        ...(type.branches.length > maxBranches ? ['...'] : []),
      ].join(' | ')
    case 'array':
      return `array of (${inner(type.items)})`
    case 'map':
      return `map of (${inner(type.values)})`
    case 'record':
    case 'enum':
      return `${type.kind} ${type.name}`
    case 'fixed':
      return `fixed(${type.size})${describeLogical(type.logical)}`
    default:
      return `${type.kind}${describeLogical(type.logical)}`
  }
}

function describeLogical(logical: LogicalType | undefined): string {
  if (logical === undefined) return ''
  switch (logical.kind) {
    case 'decimal':
      return ` (decimal, scale ${logical.scale})`
    case 'time':
      return ` (time in ${units.get(logical.unitNanos)})`
    case 'timestamp':
      return ` (${logical.isAdjustedToUtc ? '' : 'local '}timestamp in ${units.get(logical.unitNanos)})`
    case 'unsupported':
      return ' (logical type that cannot be a key)'
    default:
      return ` (${logical.kind})`
  }
}

const units: ReadonlyMap<bigint, string> = new Map([
  [1_000_000n, 'milliseconds'],
  [1000n, 'microseconds'],
  [1n, 'nanoseconds'],
])
