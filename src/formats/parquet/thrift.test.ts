import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasShared, sharedPath } from '../../../test/shared.ts'
import { FileMetaData, RowGroup } from './metadata.ts'
import { type ThriftStruct, type ThriftValue, type WireType, wireTypes } from './thrift.ts'
import { copyStruct, getField, removeField, requireField, setField } from './thrift-fields.ts'
import { readThrift } from './thrift-reader.ts'
import { writeThrift } from './thrift-writer.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('reading and writing Thrift', () => {
  it('keeps an empty list of no type, as hyparquet-writer makes it for a file without row groups', () => {
    const list = bytes(0x49, 0, 0)
    expect(writeThrift(readThrift(list).struct)).toEqual(list)
    expect(getField(readThrift(list).struct, FileMetaData.rowGroups)).toEqual([])
  })

  it('reads what the specification says of each wire type', () => {
    const { struct, end } = readThrift(
      bytes(0x11, 0x12, 0x13, 0xff, 0x15, 0x03, 0x16, 0x80, 0x01, 0x18, 0x02, 0x68, 0x69, 0x19, 0x25, 0x02, 0x04, 0),
    )
    expect(end).toBe(18)
    expect(struct.fields.map(({ id, value }) => [id, value])).toEqual([
      [1, true],
      [2, false],
      [3, -1],
      [4, -2],
      [5, 64],
      [6, bytes(0x68, 0x69)],
      [7, { elementType: wireTypes.i32, values: [1, 2] }],
    ])
  })

  it('is the identity on any document', () => {
    fc.assert(
      fc.property(anyStruct, (struct) => {
        const written = writeThrift(struct)
        const read = readThrift(written)
        expect(read.end).toBe(written.length)
        expect(writeThrift(read.struct)).toEqual(written)
      }),
    )
  })

  it('keeps 64-bit integers exact', () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n]) {
      const struct: ThriftStruct = { fields: [{ id: 1, type: wireTypes.i64, value }] }
      expect(readThrift(writeThrift(struct)).struct).toEqual(struct)
    }
  })

  it('refuses a count beyond the bytes that remain before it allocates', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f]
    expect(() => readThrift(bytes(0x19, 0xfc, ...huge, 0))).toThrow('reaches beyond')
    expect(() => readThrift(bytes(0x18, ...huge, 0))).toThrow('reaches beyond')
    expect(() => readThrift(bytes(0x1b, ...huge, 0x88, 0))).toThrow('reaches beyond')
  })

  it('refuses endless nesting, unknown types and a field that occurs twice', () => {
    expect(() => readThrift(new Uint8Array(100_000).fill(0x1c))).toThrow('nested')
    expect(() => readThrift(new Uint8Array(100_000).fill(0x19))).toThrow('nested')
    expect(() => readThrift(bytes(0x1f, 0))).toThrow('wire type')
    expect(() => readThrift(bytes(0x15, 2, 0x05, 2, 4, 0))).toThrow('twice')
  })

  it('never does anything but read or refuse, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        try {
          expect(readThrift(input).end).toBeLessThanOrEqual(input.length)
        } catch (error) {
          expect(error).toMatchObject({ code: 'malformed' })
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('fields', () => {
  const footer = (): ThriftStruct => ({ fields: [] })

  it('are put at the place that keeps ids ascending, changed in place, removed', () => {
    const struct = footer()
    setField(struct, FileMetaData.numRows, 5)
    setField(struct, FileMetaData.version, 2)
    setField(struct, FileMetaData.createdBy, 'x')
    setField(struct, FileMetaData.numRows, 6)
    expect(struct.fields.map(({ id }) => id)).toEqual([1, 3, 6])
    expect(getField(struct, FileMetaData.numRows)).toBe(6)
    expect(removeField(struct, FileMetaData.numRows)).toBe(true)
    expect(getField(struct, FileMetaData.numRows)).toBeUndefined()
  })

  it('of another wire type, or missing, are malformed', () => {
    const struct: ThriftStruct = { fields: [{ id: 3, type: wireTypes.binary, value: bytes(1) }] }
    expect(() => getField(struct, FileMetaData.numRows)).toThrow('FileMetaData.numRows')
    expect(() => requireField(footer(), FileMetaData.numRows)).toThrow('missing')
  })

  it('of a copy change without changing the original', () => {
    const group = footer()
    setField(group, RowGroup.numRows, 1)
    const original = footer()
    setField(original, FileMetaData.rowGroups, [group])
    const copy = copyStruct(original)
    setField(requireField(copy, FileMetaData.rowGroups)[0]!, RowGroup.numRows, 2)
    expect(requireField(requireField(original, FileMetaData.rowGroups)[0]!, RowGroup.numRows)).toBe(1)
  })
})

const data = sharedPath('corpora', 'parquet-testing', 'data')
describe.skipIf(!hasShared('corpora', 'parquet-testing'))('the public test files (needs the shared material)', () => {
  const files = hasShared('corpora', 'parquet-testing')
    ? readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'))
    : []

  it.each(files)('%s: its footer, read and written again, is the same bytes', (name) => {
    const file = readFileSync(`${data}/${name}`)
    const footerBytes = file.readUInt32LE(file.length - 8)
    const footer = file.subarray(file.length - 8 - footerBytes, file.length - 8)
    const { struct, end } = readThrift(footer)
    expect(Buffer.from(writeThrift(struct)).equals(footer.subarray(0, end))).toBe(true)
    expect(requireField(struct, FileMetaData.rowGroups).length).toBeGreaterThanOrEqual(0)
  })
})

const scalar = (type: WireType): fc.Arbitrary<ThriftValue> => {
  if (type === wireTypes.true || type === wireTypes.false) return fc.constantFrom(1, 2)
  if (type === wireTypes.i8) return fc.integer({ min: -128, max: 127 })
  if (type === wireTypes.i64) return fc.maxSafeInteger()
  if (type === wireTypes.double) return fc.uint8Array({ minLength: 8, maxLength: 8 })
  if (type === wireTypes.uuid) return fc.uint8Array({ minLength: 16, maxLength: 16 })
  if (type === wireTypes.binary) return fc.uint8Array({ maxLength: 200 })
  return fc.integer({ min: -32768, max: 32767 })
}

const anyType = fc.constantFrom(...Object.values(wireTypes))

const { struct: anyStruct } = fc.letrec<{ struct: ThriftStruct; field: { type: WireType; value: ThriftValue } }>(
  (tie) => ({
    struct: fc
      .array(fc.tuple(fc.integer({ min: 1, max: 300 }), tie('field')), { maxLength: 6 })
      .map((fields) => [...new Map(fields.map(([id, field]) => [id, { id, ...field }])).values()])
      .map((fields) => ({ fields })),
    field: fc.oneof(
      { depthSize: 'small' },
      anyType.chain((type) => {
        if (type === wireTypes.true || type === wireTypes.false) {
          return fc.boolean().map((value) => ({ type, value }))
        }
        if (type < wireTypes.list || type === wireTypes.uuid) return scalar(type).map((value) => ({ type, value }))
        const elementType = wireTypes.i32
        return fc.array(scalar(elementType), { maxLength: 20 }).map((values) => ({
          type: wireTypes.list as WireType,
          value: { elementType, values } as ThriftValue,
        }))
      }),
      tie('struct').map((value) => ({ type: wireTypes.struct as WireType, value })),
      fc.array(tie('struct'), { maxLength: 3 }).map((values) => ({
        type: wireTypes.set as WireType,
        value: { elementType: wireTypes.struct, values },
      })),
      fc.array(fc.tuple(scalar(wireTypes.binary), tie('struct')), { maxLength: 3 }).map((entries) => ({
        type: wireTypes.map as WireType,
        value:
          entries.length === 0
            ? { keyType: 0 as const, valueType: 0 as const, entries }
            : { keyType: wireTypes.binary, valueType: wireTypes.struct, entries },
      })),
    ),
  }),
)
