import { malformed } from './malformed.ts'
import {
  type ThriftField,
  type ThriftList,
  type ThriftStruct,
  type ThriftValue,
  type WireType,
  wireTypes,
} from './thrift.ts'
import { viewOf } from './view-of.ts'

/** The value of a field in TypeScript, by the kind that its definition gives. */
interface FieldKinds {
  bool: boolean
  i8: number
  i16: number
  i32: number
  /** A safe integer: no count, size or offset of a real file is beyond. */
  i64: number
  double: number
  binary: Uint8Array
  /** UTF-8 */
  text: string
  struct: ThriftStruct
  structs: ThriftStruct[]
  binaries: Uint8Array[]
  texts: string[]
  i32s: number[]
  i64s: number[]
  bools: boolean[]
}

export type FieldKind = keyof FieldKinds
export type FieldValue<Kind extends FieldKind> = FieldKinds[Kind]

/** A field of a structure in parquet.thrift: its id, its kind, its name for error texts. */
export interface FieldDefinition<Kind extends FieldKind = FieldKind> {
  readonly id: number
  readonly kind: Kind
  readonly name: string
}

/** The value of a field, undefined where it is absent. @throws LetheError `malformed` for another wire type */
export function getField<Kind extends FieldKind>(
  struct: ThriftStruct,
  definition: FieldDefinition<Kind>,
): FieldValue<Kind> | undefined {
  const field = fieldOf(struct, definition)
  if (field === undefined) return undefined
  const codec = codecs[definition.kind]
  const wire = field.type === wireTypes.false ? wireTypes.true : field.type
  const value = wire === codec.wire ? codec.get(field.value) : undefined
  if (value === undefined) throw malformed(`field ${definition.name} has another type or is out of range`)
  return value as FieldValue<Kind>
}

/** The value of a field that must be there. @throws LetheError `malformed` */
export function requireField<Kind extends FieldKind>(
  struct: ThriftStruct,
  definition: FieldDefinition<Kind>,
): FieldValue<Kind> {
  const value = getField(struct, definition)
  if (value === undefined) throw malformed(`field ${definition.name} is missing`)
  return value
}

/** A count, size or offset that must be there: an integer of 0 or more. @throws LetheError `malformed` */
export function requireCount(struct: ThriftStruct, definition: FieldDefinition<'i32' | 'i64'>): number {
  const value = requireField(struct, definition)
  if (value < 0) throw malformed(`field ${definition.name} is negative`)
  return value
}

/** Gives a field a value, in its place where it is there, else at the place that keeps ids ascending. */
export function setField<Kind extends FieldKind>(
  struct: ThriftStruct,
  definition: FieldDefinition<Kind>,
  value: FieldValue<Kind>,
): void {
  const codec = codecs[definition.kind]
  const field: ThriftField = { id: definition.id, type: codec.wire, value: codec.set(value as never) }
  const present = struct.fields.findIndex(({ id }) => id === definition.id)
  if (present !== -1) {
    struct.fields[present] = field
    return
  }
  const next = struct.fields.findIndex(({ id }) => id > definition.id)
  struct.fields.splice(next === -1 ? struct.fields.length : next, 0, field)
}

/** Takes a field out; yields whether it was there. */
export function removeField(struct: ThriftStruct, { id }: FieldDefinition): boolean {
  const index = struct.fields.findIndex((field) => field.id === id)
  if (index !== -1) struct.fields.splice(index, 1)
  return index !== -1
}

export function hasField(struct: ThriftStruct, definition: FieldDefinition): boolean {
  return fieldOf(struct, definition) !== undefined
}

/** A structure of its own: changing it leaves the original as it is. Bytes are shared, which nobody writes to. */
export function copyStruct({ fields }: ThriftStruct): ThriftStruct {
  return { fields: fields.map(({ id, type, value }) => ({ id, type, value: copyValue(value) })) }
}

function copyValue(value: ThriftValue): ThriftValue {
  if (typeof value !== 'object' || value instanceof Uint8Array) return value
  if ('fields' in value) return copyStruct(value)
  if ('values' in value) return { elementType: value.elementType, values: value.values.map(copyValue) }
  return { ...value, entries: value.entries.map(([key, item]) => [copyValue(key), copyValue(item)] as const) }
}

function fieldOf({ fields }: ThriftStruct, { id }: FieldDefinition): ThriftField | undefined {
  for (const field of fields) if (field.id === id) return field
  return undefined
}

interface FieldCodec<Value> {
  readonly wire: WireType
  /** Undefined for a value out of range. */
  get(value: ThriftValue): Value | undefined
  set(value: Value): ThriftValue
}

const integer = (wire: WireType): FieldCodec<number> => ({
  wire,
  get: (value) => (typeof value === 'number' ? value : undefined),
  set: (value) => value,
})

const list = <Value>(elementType: WireType, element: Omit<FieldCodec<Value>, 'wire'>): FieldCodec<Value[]> => ({
  wire: wireTypes.list,
  get(value) {
    const { elementType: actual, values } = value as ThriftList
    if (values.length > 0 && elementClass(actual) !== elementType) return undefined
    const result: Value[] = []
    for (const item of values) {
      const converted = element.get(item)
      if (converted === undefined) return undefined
      result.push(converted)
    }
    return result
  },
  set: (values) => ({ elementType, values: values.map(element.set) }),
})

const double: FieldCodec<number> = {
  wire: wireTypes.double,
  get: (value) => viewOf(value as Uint8Array).getFloat64(0, true),
  set(value) {
    const bytes = new Uint8Array(8)
    viewOf(bytes).setFloat64(0, value, true)
    return bytes
  },
}

const binary: FieldCodec<Uint8Array> = {
  wire: wireTypes.binary,
  get: (value) => value as Uint8Array,
  set: (value) => value,
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const text: FieldCodec<string> = {
  wire: wireTypes.binary,
  get: (value) => decoder.decode(value as Uint8Array),
  set: (value) => encoder.encode(value),
}

const struct: FieldCodec<ThriftStruct> = {
  wire: wireTypes.struct,
  get: (value) => value as ThriftStruct,
  set: (value) => value,
}

const listedBool: Omit<FieldCodec<boolean>, 'wire'> = { get: (value) => value === 1, set: (value) => (value ? 1 : 2) }

const codecs: { readonly [Kind in FieldKind]: FieldCodec<FieldValue<Kind>> } = {
  bool: { wire: wireTypes.true, get: (value) => value as boolean, set: (value) => value },
  i8: integer(wireTypes.i8),
  i16: integer(wireTypes.i16),
  i32: integer(wireTypes.i32),
  i64: integer(wireTypes.i64),
  double,
  binary,
  text,
  struct,
  structs: list(wireTypes.struct, struct),
  binaries: list(wireTypes.binary, binary),
  texts: list(wireTypes.binary, text),
  i32s: list(wireTypes.i32, integer(wireTypes.i32)),
  i64s: list(wireTypes.i64, integer(wireTypes.i64)),
  bools: list(wireTypes.true, listedBool),
}

/** Writers give the elements of a list of booleans either code. */
function elementClass(type: WireType | 0): WireType | 0 {
  return type === wireTypes.false ? wireTypes.true : type
}
