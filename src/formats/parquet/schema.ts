import { type ColumnType, columnType } from './column-type.ts'
import { malformed } from './malformed.ts'
import { SchemaElement } from './metadata.ts'
import { type PhysicalType, physicalTypes, type RepetitionType, repetitionTypes } from './metadata-enums.ts'
import type { ThriftStruct } from './thrift.ts'
import { getField, requireField } from './thrift-fields.ts'

/** A column that holds values: the chunk at `index` of every row group belongs to it. */
export interface LeafColumn {
  readonly kind: 'leaf'
  /** Names from below the root to the leaf. */
  readonly path: readonly string[]
  readonly index: number
  readonly element: ThriftStruct
  readonly physicalType: PhysicalType
  /** Bytes of a value of FIXED_LEN_BYTE_ARRAY; 0 for other types. */
  readonly typeLength: number
  /** What the values mean: the logical type, else the converted type, else nothing beyond the physical type. */
  readonly type: ColumnType
  readonly repetition: RepetitionType
  /** A value is there exactly where its definition level is this one; 0: no definition levels are stored. */
  readonly maxDefinitionLevel: number
  /** A record begins where the repetition level is 0; 0: one value a record, no repetition levels are stored. */
  readonly maxRepetitionLevel: number
  /** The columns that enclose it, outermost first, without the root. */
  readonly groups: readonly GroupColumn[]
}

/** A column that is made of others: a struct, list, map or variant. */
export interface GroupColumn {
  readonly kind: 'group'
  readonly path: readonly string[]
  readonly element: ThriftStruct
  readonly type: ColumnType
  readonly repetition: RepetitionType
}

export interface Schema {
  /** In the order of chunks in a row group. */
  readonly leaves: readonly LeafColumn[]
  /** Every column but the root, depth first. */
  readonly columns: readonly (LeafColumn | GroupColumn)[]
}

interface Frame {
  /** Undefined for the root. */
  readonly group: GroupColumn | undefined
  readonly groups: readonly GroupColumn[]
  childrenLeft: number
  readonly maxDefinitionLevel: number
  readonly maxRepetitionLevel: number
}

/** Deeper than any real schema; keeps the cost of paths, which is quadratic in depth, bounded. */
const maxDepth = 200

/**
 * The tree of columns from the footer's flattened, depth-first list of elements, whose first is the root.
 *
 * @throws LetheError `malformed` when the list is no tree
 */
export function readSchema(elements: readonly ThriftStruct[]): Schema {
  const [root, ...rest] = elements
  if (root === undefined) throw malformed('the schema is empty')
  const leaves: LeafColumn[] = []
  const columns: (LeafColumn | GroupColumn)[] = []
  const stack: Frame[] = [rootFrame(root)]
  for (const element of rest) {
    while (stack.at(-1)?.childrenLeft === 0) stack.pop()
    const parent = stack.at(-1)
    if (parent === undefined) throw malformed('the schema has elements outside its root')
    parent.childrenLeft -= 1
    const isLeaf = getField(element, SchemaElement.type) !== undefined
    if (isLeaf) {
      const leaf = leafColumn(element, parent, leaves.length)
      leaves.push(leaf)
      columns.push(leaf)
    } else {
      if (stack.length > maxDepth) throw malformed(`the schema is nested more than ${maxDepth} deep`)
      const frame = groupFrame(element, parent)
      stack.push(frame)
      columns.push(frame.group!)
    }
  }
  if (stack.some((frame) => frame.childrenLeft > 0)) throw malformed('the schema lacks elements that it announces')
  return { leaves, columns }
}

function rootFrame(root: ThriftStruct): Frame {
  if (getField(root, SchemaElement.type) !== undefined) throw malformed('the root of the schema is no group')
  return { group: undefined, groups: [], childrenLeft: childCount(root), maxDefinitionLevel: 0, maxRepetitionLevel: 0 }
}

function groupFrame(element: ThriftStruct, parent: Frame): Frame {
  const repetition = repetitionOf(element)
  const group: GroupColumn = {
    kind: 'group',
    path: pathBelow(parent, element),
    element,
    type: columnType(element, undefined),
    repetition,
  }
  return { group, groups: [...parent.groups, group], childrenLeft: childCount(element), ...levels(parent, repetition) }
}

function leafColumn(element: ThriftStruct, parent: Frame, index: number): LeafColumn {
  const physicalType = physicalTypes[requireField(element, SchemaElement.type)]
  if (physicalType === undefined) throw malformed('a column has an unknown physical type')
  if (childCount(element) > 0) throw malformed('a column has both a type and children')
  const repetition = repetitionOf(element)
  return {
    kind: 'leaf',
    path: pathBelow(parent, element),
    index,
    element,
    physicalType,
    typeLength: physicalType === 'FIXED_LEN_BYTE_ARRAY' ? fixedLength(element) : 0,
    type: columnType(element, physicalType),
    repetition,
    ...levels(parent, repetition),
    groups: parent.groups,
  }
}

function levels(parent: Frame, repetition: RepetitionType) {
  return {
    maxDefinitionLevel: parent.maxDefinitionLevel + (repetition === 'REQUIRED' ? 0 : 1),
    maxRepetitionLevel: parent.maxRepetitionLevel + (repetition === 'REPEATED' ? 1 : 0),
  }
}

function pathBelow(parent: Frame, element: ThriftStruct): readonly string[] {
  return [...(parent.group?.path ?? []), requireField(element, SchemaElement.name)]
}

function repetitionOf(element: ThriftStruct): RepetitionType {
  const repetition = repetitionTypes[requireField(element, SchemaElement.repetitionType)]
  if (repetition === undefined) throw malformed('a column has an unknown repetition type')
  return repetition
}

function childCount(element: ThriftStruct): number {
  const count = getField(element, SchemaElement.numChildren) ?? 0
  if (count < 0) throw malformed('a column has a negative number of children')
  return count
}

function fixedLength(element: ThriftStruct): number {
  const length = getField(element, SchemaElement.typeLength) ?? -1
  if (length < 0) throw malformed('a column of fixed length says no length')
  return length
}
