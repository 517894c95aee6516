import { DecimalType, IntType, LogicalType, SchemaElement, TimeType, TimeUnit } from './metadata.ts'
import { type ConvertedType, convertedTypes, type PhysicalType } from './metadata-enums.ts'
import type { ThriftStruct } from './thrift.ts'
import { getField, hasField, requireField } from './thrift-fields.ts'

export type TimeUnitName = 'millis' | 'micros' | 'nanos'

/**
 * What the values of a column mean beyond their physical type. `none`: no annotation; `unrecognised`: one that Lethe
 * does not know, so that no value can be compared with certainty. `null`: a column that holds nothing but nulls.
 */
export type ColumnType =
  | {
      readonly kind:
        | 'none'
        | 'unrecognised'
        | 'string'
        | 'enum'
        | 'json'
        | 'bson'
        | 'uuid'
        | 'date'
        | 'float16'
        | 'interval'
        | 'null'
        | 'list'
        | 'map'
        | 'variant'
        | 'geometry'
        | 'geography'
    }
  | { readonly kind: 'integer'; readonly bitWidth: number; readonly isSigned: boolean }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'time' | 'timestamp'; readonly unit: TimeUnitName; readonly isAdjustedToUtc: boolean }

/** The annotation of a schema element: its logical type, else its converted type. */
export function columnType(element: ThriftStruct, physicalType: PhysicalType | undefined): ColumnType {
  const logical = getField(element, SchemaElement.logicalType)
  if (logical !== undefined && logical.fields.length > 0) return logicalType(logical)
  const code = getField(element, SchemaElement.convertedType)
  if (code === undefined) return { kind: 'none' }
  const converted = convertedTypes[code]
  if (converted === undefined) return { kind: 'unrecognised' }
  // Hive and Impala annotate groups as UTF8 or LIST at will; only leaves are compared.
  if (physicalType === undefined && !converted.startsWith('MAP') && converted !== 'LIST') return { kind: 'none' }
  return converted === 'DECIMAL' ? decimal(element) : convertedMeanings[converted]
}

function decimal(element: ThriftStruct): ColumnType {
  return { kind: 'decimal', scale: getField(element, SchemaElement.scale) ?? 0 }
}

const integer = (bitWidth: number, isSigned: boolean): ColumnType => ({ kind: 'integer', bitWidth, isSigned })
const clock = (kind: 'time' | 'timestamp', unit: TimeUnitName): ColumnType => ({ kind, unit, isAdjustedToUtc: true })

/** By LogicalTypes.md, "Deprecated" notes: a converted TIME or TIMESTAMP is adjusted to UTC. */
const convertedMeanings: Readonly<Record<Exclude<ConvertedType, 'DECIMAL'>, ColumnType>> = {
  UTF8: { kind: 'string' },
  MAP: { kind: 'map' },
  MAP_KEY_VALUE: { kind: 'map' },
  LIST: { kind: 'list' },
  ENUM: { kind: 'enum' },
  DATE: { kind: 'date' },
  TIME_MILLIS: clock('time', 'millis'),
  TIME_MICROS: clock('time', 'micros'),
  TIMESTAMP_MILLIS: clock('timestamp', 'millis'),
  TIMESTAMP_MICROS: clock('timestamp', 'micros'),
  UINT_8: integer(8, false),
  UINT_16: integer(16, false),
  UINT_32: integer(32, false),
  UINT_64: integer(64, false),
  INT_8: integer(8, true),
  INT_16: integer(16, true),
  INT_32: integer(32, true),
  INT_64: integer(64, true),
  JSON: { kind: 'json' },
  BSON: { kind: 'bson' },
  INTERVAL: { kind: 'interval' },
}

/** Members of the union LogicalType that carry nothing. */
const plainMembers = [
  ['string', LogicalType.string],
  ['map', LogicalType.map],
  ['list', LogicalType.list],
  ['enum', LogicalType.enum],
  ['date', LogicalType.date],
  ['null', LogicalType.unknown],
  ['json', LogicalType.json],
  ['bson', LogicalType.bson],
  ['uuid', LogicalType.uuid],
  ['float16', LogicalType.float16],
  ['variant', LogicalType.variant],
  ['geometry', LogicalType.geometry],
  ['geography', LogicalType.geography],
] as const

function logicalType(union: ThriftStruct): ColumnType {
  const plain = plainMembers.find(([, member]) => hasField(union, member))
  if (plain !== undefined) return { kind: plain[0] }
  const decimalType = getField(union, LogicalType.decimal)
  if (decimalType !== undefined) return { kind: 'decimal', scale: requireField(decimalType, DecimalType.scale) }
  const integerType = getField(union, LogicalType.integer)
  if (integerType !== undefined) {
    return integer(requireField(integerType, IntType.bitWidth), requireField(integerType, IntType.isSigned))
  }
  const time = getField(union, LogicalType.time)
  if (time !== undefined) return clockType('time', time)
  const timestamp = getField(union, LogicalType.timestamp)
  return timestamp === undefined ? { kind: 'unrecognised' } : clockType('timestamp', timestamp)
}

function clockType(kind: 'time' | 'timestamp', type: ThriftStruct): ColumnType {
  const unit = timeUnit(requireField(type, TimeType.unit))
  if (unit === undefined) return { kind: 'unrecognised' }
  return { kind, unit, isAdjustedToUtc: requireField(type, TimeType.isAdjustedToUtc) }
}

function timeUnit(unit: ThriftStruct): TimeUnitName | undefined {
  return (['millis', 'micros', 'nanos'] as const).find((name) => hasField(unit, TimeUnit[name]))
}
