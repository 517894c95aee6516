import { ids } from './ids.ts'
import { binary, child, flag, integer, type Tree } from './thrift-tree.ts'

export type PhysicalType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'INT96'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BYTE_ARRAY'
  | 'FIXED_LEN_BYTE_ARRAY'

const physicalTypes: readonly PhysicalType[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
]
const repetitions = ['REQUIRED', 'OPTIONAL', 'REPEATED'] as const

/** How the values of a column are ordered in statistics; `none` where the format leaves that open. */
export type Order = 'signed' | 'unsigned' | 'float' | 'decimal-bytes' | 'bytes' | 'boolean' | 'none'

/** A column that holds values. */
export interface Leaf {
  readonly path: readonly string[]
  readonly type: PhysicalType
  readonly typeLength: number
  readonly maxDefinition: number
  readonly maxRepetition: number
  readonly order: Order
  readonly isFloat16: boolean
  readonly isGeospatial: boolean
  /** Repetitions from the root to the leaf, for hyparquet's level readers. */
  readonly repetitions: readonly (typeof repetitions)[number][]
}

/** The leaves of the flattened schema, in order. @throws RangeError where the list is no tree */
export function readLeaves(elements: readonly Tree[]): Leaf[] {
  const leaves: Leaf[] = []
  let next = 1
  const walk = (path: string[], above: Leaf['repetitions'], children: number): void => {
    for (let index = 0; index < children; index += 1) {
      const element = elements[next++]
      if (element === undefined || path.length > 50) throw new RangeError('the schema is no tree')
      const name = Buffer.from(binary(element, ids.element.name) ?? []).toString()
      const repetition = repetitions[integer(element, ids.element.repetition) ?? 0] ?? 'REQUIRED'
      const below = integer(element, ids.element.children) ?? 0
      if (below > 0 || !element.has(ids.element.type)) walk([...path, name], [...above, repetition], below)
      else leaves.push(leafOf(element, [...path, name], [...above, repetition]))
    }
  }
  walk([], ['REQUIRED'], integer(elements[0], ids.element.children) ?? 0)
  return leaves
}

function leafOf(element: Tree, path: string[], above: Leaf['repetitions']): Leaf {
  const type = physicalTypes[integer(element, ids.element.type) ?? -1]
  if (type === undefined) throw new RangeError('an unknown physical type')
  const logical = [...(child(element, ids.element.logical)?.keys() ?? [])][0]
  const isFloat16 = logical === 15
  return {
    path,
    type,
    typeLength: integer(element, ids.element.typeLength) ?? 0,
    maxDefinition: above.filter((repetition) => repetition !== 'REQUIRED').length,
    maxRepetition: above.filter((repetition) => repetition === 'REPEATED').length,
    order: orderOf(element, type, logical),
    isFloat16,
    isGeospatial: logical === 17 || logical === 18,
    repetitions: above,
  }
}

function orderOf(element: Tree, type: PhysicalType, logical: number | undefined): Order {
  const converted = integer(element, ids.element.converted)
  const isUnsigned = converted !== undefined && converted >= 11 && converted <= 14
  const integerType = child(child(element, ids.element.logical), 10)
  if (logical === 17 || logical === 18 || converted === 21) return 'none'
  switch (type) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT96':
      return 'none'
    case 'FLOAT':
    case 'DOUBLE':
      return 'float'
    case 'INT32':
    case 'INT64':
      return isUnsigned || (integerType !== undefined && flag(integerType, 2) === false) ? 'unsigned' : 'signed'
    default:
      if (logical === 15) return 'float'
      return logical === 5 || converted === 5 ? 'decimal-bytes' : 'bytes'
  }
}
