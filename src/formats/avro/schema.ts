import { type LogicalType, logicalTypeOf } from './logical-type.ts'
import { malformed, unsupported } from './refusal.ts'

/**
 * A type of a writer's schema (Avro 1.12, "Schema Declaration"). Named types may be recursive, so this is a graph and
 * not a tree; whoever walks it needs a stack of their own, for its depth is the file's choice.
 */
export type AvroType = PrimitiveType | FixedType | EnumType | RecordType | ArrayType | MapType | UnionType

type PrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

interface Sized {
  /** True where every value of the type takes no byte at all: null, a fixed of size 0, a record of nothing else. */
  readonly isEmpty: boolean
}
interface PrimitiveType extends Sized {
  readonly kind: PrimitiveKind
  readonly logical: LogicalType | undefined
}
interface FixedType extends Sized {
  readonly kind: 'fixed'
  readonly name: string
  readonly size: number
  readonly logical: LogicalType | undefined
}
interface EnumType extends Sized {
  readonly kind: 'enum'
  readonly name: string
  readonly symbols: readonly string[]
}
export interface RecordType extends Sized {
  readonly kind: 'record'
  readonly name: string
  readonly fields: readonly RecordField[]
}
interface RecordField {
  readonly name: string
  readonly type: AvroType
}
export interface ArrayType extends Sized {
  readonly kind: 'array'
  readonly items: AvroType
}
export interface MapType extends Sized {
  readonly kind: 'map'
  readonly values: AvroType
}
export interface UnionType extends Sized {
  readonly kind: 'union'
  readonly branches: readonly AvroType[]
}

/**
 * Parses the text of a writer's schema. Aliases, defaults, documentation and unknown attributes say nothing about the
 * bytes and are passed over.
 *
 * @throws LetheError `malformed`, `unsupported`
 */
export function parseSchema(text: string): AvroType {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The engine's message quotes the text.
    throw malformed('the schema is no JSON')
  }
  return new SchemaParser().parse(json)
}

type Place = (type: AvroType) => void
type JsonObject = Readonly<Record<string, unknown>>
type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

const primitives: ReadonlySet<string> = new Set<PrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])
const namePart = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Depth first in the order of the text, since a name may be used only after its definition; with a stack of its own. */
class SchemaParser {
  readonly #named = new Map<string, AvroType>()
  readonly #stack: (() => void)[] = []

  parse(json: unknown): AvroType {
    let root: AvroType | undefined
    this.#parseType(json, '', (type) => {
      root = type
    })
    for (let step = this.#stack.pop(); step !== undefined; step = this.#stack.pop()) step()
    return root!
  }

  #parseType(json: unknown, namespace: string, place: Place): void {
    if (typeof json === 'string') place(this.#reference(json, namespace))
    else if (Array.isArray(json)) this.#parseUnion(json, namespace, place)
    else if (isObject(json)) this.#parseObject(json, namespace, place)
    else throw malformed('a schema is neither a name, an object nor a union')
  }

  #reference(name: string, namespace: string): AvroType {
    if (isPrimitive(name)) return primitive(name, undefined)
    const known = (namespace === '' ? undefined : this.#named.get(`${namespace}.${name}`)) ?? this.#named.get(name)
    if (known === undefined) throw malformed('the schema uses a name that it has not defined')
    return known
  }

  #parseUnion(json: readonly unknown[], namespace: string, place: Place): void {
    const branches: AvroType[] = []
    place({ kind: 'union', branches, isEmpty: false })
    this.#then(
      json.map((branch) => () => {
        if (Array.isArray(branch)) throw malformed('a union lies directly in a union')
        this.#parseType(branch, namespace, (type) => branches.push(type))
      }),
    )
  }

  #parseObject(json: JsonObject, namespace: string, place: Place): void {
    const { type } = json
    if (typeof type === 'string' && isPrimitive(type)) {
      place(primitive(type, logicalTypeOf(type, json)))
      return
    }
    switch (type) {
      case 'record':
        this.#parseRecord(json, namespace, place)
        break
      case 'enum':
        place(this.#define(json, namespace, (name) => parseEnum(json, name)))
        break
      case 'fixed':
        place(this.#define(json, namespace, (name) => parseFixed(json, name)))
        break
      case 'array': {
        const array: Mutable<ArrayType> = { kind: 'array', items: pending, isEmpty: false }
        place(array)
        this.#then([() => this.#parseType(json['items'], namespace, (items) => (array.items = items))])
        break
      }
      case 'map': {
        const map: Mutable<MapType> = { kind: 'map', values: pending, isEmpty: false }
        place(map)
        this.#then([() => this.#parseType(json['values'], namespace, (values) => (map.values = values))])
        break
      }
      default:
        this.#parseWrapped(json, type, namespace, place)
        break
    }
  }

  /** `{"type": {"type": "int"}}` and `{"type": "a.Name"}`: readers agree on these as long as no logical type is outside. */
  #parseWrapped(json: JsonObject, type: unknown, namespace: string, place: Place): void {
    if ('logicalType' in json) throw unsupported('a logical type around another schema')
    this.#then([() => this.#parseType(type, namespace, place)])
  }

  #parseRecord(json: JsonObject, namespace: string, place: Place): void {
    const fields: RecordField[] = []
    let record: Mutable<RecordType> | undefined
    const { type, scope } = this.#defineNamed(json, namespace, (name) => {
      record = { kind: 'record', name, fields, isEmpty: false }
      return record
    })
    place(type)
    if (!Array.isArray(json['fields'])) throw malformed('a record has no list of fields')
    const names = new Set<string>()
    const steps = json['fields'].map((field: unknown) => () => {
      if (!isObject(field)) throw malformed('a field is no object')
      const name = requireName(field['name'])
      if (names.has(name)) throw malformed('a record has two fields of one name')
      names.add(name)
      this.#parseType(field['type'], scope, (fieldType) => fields.push({ name, type: fieldType }))
    })
    // Last, when all fields are known: a record that contains itself is not empty, as nothing could end it.
    this.#then([...steps, () => (record!.isEmpty = fields.every((field) => field.type.isEmpty))])
  }

  #define(json: JsonObject, namespace: string, make: (name: string) => AvroType): AvroType {
    return this.#defineNamed(json, namespace, make).type
  }

  /** `scope` is the namespace of the names inside. */
  #defineNamed(
    json: JsonObject,
    namespace: string,
    make: (name: string) => AvroType,
  ): { readonly type: AvroType; readonly scope: string } {
    const fullName = fullNameOf(json, namespace)
    if (this.#named.has(fullName)) throw malformed('the schema defines a name twice')
    const type = make(fullName)
    this.#named.set(fullName, type)
    return { type, scope: fullName.slice(0, Math.max(0, fullName.lastIndexOf('.'))) }
  }

  /** Does the steps next, in their order, before anything that waits. */
  #then(steps: readonly (() => void)[]): void {
    for (let index = steps.length - 1; index >= 0; index -= 1) this.#stack.push(steps[index]!)
  }
}

function fullNameOf(json: JsonObject, enclosing: string): string {
  const { name, namespace = enclosing } = json
  if (typeof name !== 'string' || typeof namespace !== 'string') throw malformed('a named type has no name')
  const fullName = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
  if (!fullName.split('.').every((part) => namePart.test(part)) || primitives.has(fullName)) {
    throw malformed('a named type has a name that the format does not allow')
  }
  return fullName
}

function requireName(name: unknown): string {
  if (typeof name !== 'string' || !namePart.test(name)) {
    throw malformed('a field has a name that the format does not allow')
  }
  return name
}

function parseEnum({ symbols }: JsonObject, name: string): EnumType {
  if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === 'string')) {
    throw malformed('an enum has no list of symbols')
  }
  return { kind: 'enum', name, symbols, isEmpty: false }
}

function parseFixed(json: JsonObject, name: string): FixedType {
  const { size } = json
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw malformed('a fixed has no size')
  return { kind: 'fixed', name, size, logical: logicalTypeOf('fixed', json), isEmpty: size === 0 }
}

function primitive(kind: PrimitiveKind, logical: LogicalType | undefined): PrimitiveType {
  return { kind, logical, isEmpty: kind === 'null' }
}

function isPrimitive(name: string): name is PrimitiveKind {
  return primitives.has(name)
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Stands in until the step that parses the real type, which runs before anyone sees the schema. */
const pending: AvroType = primitive('null', undefined)
