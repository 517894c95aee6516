import fc from 'fast-check'

/** A schema and values of it, in the form that the independent writer takes. */
export interface SchemaAndValues {
  readonly schema: unknown
  readonly value: fc.Arbitrary<unknown>
}

/** Random types of some depth. Names are numbered by `names`, since each may be defined but once. */
export function arbitraryType(depth = 3): fc.Arbitrary<SchemaAndValues> {
  return fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }).map((choices) => {
    let next = 0
    return typeOf(depth, () => choices[next++ % choices.length]!)
  })
}

const leaves: readonly ((name: string) => SchemaAndValues)[] = [
  () => ({ schema: 'null', value: fc.constant(null) }),
  () => ({ schema: 'boolean', value: fc.boolean() }),
  () => ({ schema: 'int', value: fc.integer() }),
  () => ({ schema: 'long', value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  () => ({ schema: 'float', value: fc.float({ noNaN: true }) }),
  () => ({ schema: 'double', value: fc.double({ noNaN: true }) }),
  () => ({ schema: 'string', value: fc.string({ unit: 'grapheme' }) }),
  () => ({ schema: 'bytes', value: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) }),
  () => ({ schema: { type: 'long', logicalType: 'timestamp-micros' }, value: fc.bigInt({ min: 0n, max: 2n ** 60n }) }),
  (name) => ({
    schema: { type: 'fixed', name, size: 5 },
    value: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
  }),
  (name) => ({ schema: { type: 'enum', name, symbols: ['A', 'B', 'C'] }, value: fc.constantFrom('A', 'B', 'C') }),
]

let names = 0

function typeOf(depth: number, choose: () => number): SchemaAndValues {
  names += 1
  const name = `N${names}`
  const kind = choose() % (depth === 0 ? 1 : 6)
  const inner = () => typeOf(depth - 1, choose)
  switch (kind) {
    case 1: {
      const { schema, value } = inner()
      return { schema: { type: 'array', items: schema }, value: fc.array(value, { maxLength: 4 }) }
    }
    case 2: {
      const { schema, value } = inner()
      const values = fc.dictionary(
        fc.string({ maxLength: 3 }).filter((key) => key !== '__proto__'),
        value,
        { maxKeys: 3 },
      )
      return { schema: { type: 'map', values: schema }, value: values }
    }
    case 3: {
      const fields = Array.from({ length: choose() % 4 }, (_, index) => ({ name: `f${index}`, ...inner() }))
      return recordOf(name, fields)
    }
    case 4: {
      // A union of null and one record holds anything without two branches of one kind.
      const { schema, value } = recordOf(name, [{ name: 'v', ...inner() }])
      return { schema: ['null', schema], value: fc.option(value.map((record) => ({ [name]: record }))) }
    }
    case 5: {
      // It contains itself; values end at some depth.
      const { schema, value } = inner()
      const node = {
        type: 'record',
        name,
        fields: [
          { name: 'v', type: schema },
          { name: 'next', type: ['null', name] },
        ],
      }
      const list = fc
        .array(value, { minLength: 1, maxLength: 4 })
        .map((values) =>
          values.reduceRight<unknown>((next, v) => ({ v, next: next === null ? null : { [name]: next } }), null),
        )
      return { schema: node, value: list }
    }
    default:
      return leaves[choose() % leaves.length]!(name)
  }
}

export function recordOf(name: string, fields: readonly (SchemaAndValues & { name: string })[]): SchemaAndValues {
  return {
    schema: { type: 'record', name, fields: fields.map((field) => ({ name: field.name, type: field.schema })) },
    value: fc.record(Object.fromEntries(fields.map((field) => [field.name, field.value]))),
  }
}
