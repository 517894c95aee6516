import { malformed } from './malformed.ts'
import type { WireType } from './thrift.ts'
import {
  type ThriftField,
  type ThriftList,
  type ThriftMap,
  type ThriftStruct,
  type ThriftValue,
  wireTypes,
} from './thrift.ts'

/** Parquet nests structures about ten deep; beyond this a file only wants to exhaust the stack. */
const maxDepth = 32
/** About a hundred bytes each in memory: what a footer of 100,000 column chunks needs. */
const maxNodes = 4_000_000

export interface ThriftRead {
  readonly struct: ThriftStruct
  /** Position behind the structure's last byte. */
  readonly end: number
}

/**
 * Reads one structure that begins at `start`. Binary values are views of `bytes`.
 *
 * Every count and length is checked against the bytes that remain before anything is allocated.
 *
 * @throws LetheError `malformed`; with `detail.truncated` where more bytes might have made it whole
 */
export function readThrift(bytes: Uint8Array, start = 0): ThriftRead {
  const reader = new ThriftReader(bytes, start)
  const struct = reader.readStruct(0)
  return { struct, end: reader.position }
}

class ThriftReader {
  readonly #bytes: Uint8Array
  position: number
  #nodes = 0

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.position = start
  }

  readStruct(depth: number): ThriftStruct {
    if (depth > maxDepth) throw malformed(`Thrift structures nested more than ${maxDepth} deep`)
    const fields: ThriftField[] = []
    let id = 0
    for (;;) {
      const header = this.#byte()
      if (header === 0) return { fields }
      const delta = header >> 4
      id = delta === 0 ? this.#fieldId() : id + delta
      if (fields.some((field) => field.id === id)) throw malformed('a Thrift field occurs twice')
      const type = wireType(header & 15)
      fields.push({ id, type, value: this.#fieldValue(type, depth) })
    }
  }

  #fieldValue(type: WireType, depth: number): ThriftValue {
    if (type === wireTypes.true) return true
    if (type === wireTypes.false) return false
    return this.#value(type, depth)
  }

  #value(type: WireType, depth: number): ThriftValue {
    this.#nodes += 1
    if (this.#nodes > maxNodes) throw malformed(`a Thrift structure of more than ${maxNodes} values`)
    switch (type) {
      case wireTypes.true:
      case wireTypes.false:
        return this.#byte()
      case wireTypes.i8:
        return (this.#byte() << 24) >> 24
      case wireTypes.i16:
      case wireTypes.i32:
      case wireTypes.i64:
        return this.#zigzag()
      case wireTypes.double:
        return this.#take(8)
      case wireTypes.uuid:
        return this.#take(16)
      case wireTypes.binary:
        return this.#take(this.#varint())
      case wireTypes.list:
      case wireTypes.set:
        return this.#list(depth)
      case wireTypes.map:
        return this.#map(depth)
      case wireTypes.struct:
        return this.readStruct(depth + 1)
    }
  }

  #list(depth: number): ThriftList {
    if (depth > maxDepth) throw malformed(`Thrift structures nested more than ${maxDepth} deep`)
    const header = this.#byte()
    // A list without elements may say that they are of no type.
    if (header === 0) return { elementType: 0, values: [] }
    const elementType = wireType(header & 15)
    const count = this.#count(header >> 4 === 15 ? this.#varint() : header >> 4, elementBytes(elementType))
    const values: ThriftValue[] = []
    for (let index = 0; index < count; index += 1) values.push(this.#value(elementType, depth + 1))
    return { elementType, values }
  }

  #map(depth: number): ThriftMap {
    if (depth > maxDepth) throw malformed(`Thrift structures nested more than ${maxDepth} deep`)
    const size = this.#varint()
    if (size === 0) return { keyType: 0, valueType: 0, entries: [] }
    const types = this.#byte()
    const keyType = wireType(types >> 4)
    const valueType = wireType(types & 15)
    const count = this.#count(size, elementBytes(keyType) + elementBytes(valueType))
    const entries: [ThriftValue, ThriftValue][] = []
    for (let index = 0; index < count; index += 1) {
      entries.push([this.#value(keyType, depth + 1), this.#value(valueType, depth + 1)])
    }
    return { keyType, valueType, entries }
  }

  #count(count: number, leastBytes: number): number {
    if (count * leastBytes > this.#bytes.length - this.position) throw truncated()
    return count
  }

  #byte(): number {
    if (this.position >= this.#bytes.length) throw truncated()
    return this.#bytes[this.position++]!
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.position) throw truncated()
    this.position += length
    return this.#bytes.subarray(this.position - length, this.position)
  }

  /** A length or count; at most 2^49, which no buffer holds. */
  #varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw malformed('a Thrift length is too large')
  }

  #fieldId(): number {
    const id = Number(this.#zigzag())
    if (id < -32768 || id > 32767) throw malformed('a Thrift field id is out of range')
    return id
  }

  #zigzag(): number | bigint {
    const start = this.position
    let value = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * scale
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    this.position = start
    return this.#longZigzag()
  }

  #longZigzag(): number | bigint {
    let bits = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      bits |= BigInt(byte & 127) << shift
      if (byte < 128) {
        if (bits >= 1n << 64n) break
        const value = (bits >> 1n) ^ -(bits & 1n)
        return Number.isSafeInteger(Number(value)) ? Number(value) : value
      }
    }
    throw malformed('a Thrift integer has more than 64 bits')
  }
}

function wireType(code: number): WireType {
  if (code === 0 || code > wireTypes.uuid) throw malformed('an unknown Thrift wire type')
  return code as WireType
}

/** The fewest bytes that a value of a type takes. */
function elementBytes(type: WireType): number {
  if (type === wireTypes.double) return 8
  return type === wireTypes.uuid ? 16 : 1
}

function truncated(): Error {
  return malformed('a Thrift structure reaches beyond its bytes', { truncated: true })
}
