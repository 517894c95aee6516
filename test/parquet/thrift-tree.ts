/**
 * Thrift's compact protocol as a tree that can be changed and written again. It is written for the tests alone, from
 * the protocol's description, so that a fault of the reader or writer under test cannot hide in it.
 *
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export type Tree = Map<number, TreeField>

export interface TreeField {
  type: number
  value: TreeValue
}

export type TreeValue = boolean | number | bigint | Uint8Array | Tree | TreeList

export interface TreeList {
  elementType: number
  items: TreeValue[]
}

export const types = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const

/** The structure that begins at `start`, and where it ends. @throws RangeError where the bytes are none */
export function readTree(bytes: Uint8Array, start = 0): { tree: Tree; end: number } {
  const reader = new Reader(bytes, start)
  const tree = reader.struct(0)
  return { tree, end: reader.position }
}

export function writeTree(tree: Tree): Uint8Array {
  const out: number[] = []
  writeStruct(tree, out)
  return Uint8Array.from(out)
}

/** A copy that shares nothing with the original. */
export function copyTree(tree: Tree): Tree {
  return readTree(writeTree(tree)).tree
}

export function integer(tree: Tree | undefined, id: number): number | undefined {
  const value = tree?.get(id)?.value
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}

export function flag(tree: Tree | undefined, id: number): boolean | undefined {
  const value = tree?.get(id)?.value
  return typeof value === 'boolean' ? value : undefined
}

export function binary(tree: Tree | undefined, id: number): Uint8Array | undefined {
  const value = tree?.get(id)?.value
  return value instanceof Uint8Array ? value : undefined
}

export function child(tree: Tree | undefined, id: number): Tree | undefined {
  const value = tree?.get(id)?.value
  return value instanceof Map ? value : undefined
}

export function items(tree: Tree | undefined, id: number): TreeValue[] | undefined {
  const value = tree?.get(id)?.value
  return typeof value === 'object' && 'items' in value ? value.items : undefined
}

export function trees(tree: Tree | undefined, id: number): Tree[] {
  return (items(tree, id) ?? []).filter((item) => item instanceof Map)
}

export function integers(tree: Tree | undefined, id: number): number[] | undefined {
  return items(tree, id)?.map(Number)
}

/** Gives a field a value; new fields go where ids stay ascending. Integers take the type that is there, else `type`. */
export function put(tree: Tree, id: number, value: TreeValue, type: number = typeOf(value)): void {
  const present = tree.get(id)
  if (present !== undefined) {
    present.type = typeof value === 'boolean' ? typeOf(value) : present.type
    present.value = present.type === types.i64 && typeof value === 'number' ? BigInt(value) : value
    return
  }
  const fields = [...tree, [id, { type, value }] as const].sort(([a], [b]) => a - b)
  tree.clear()
  for (const [key, field] of fields) tree.set(key, field)
}

function typeOf(value: TreeValue): number {
  if (typeof value === 'boolean') return value ? types.true : types.false
  if (typeof value === 'number') return types.i32
  if (typeof value === 'bigint') return types.i64
  if (value instanceof Uint8Array) return types.binary
  return value instanceof Map ? types.struct : types.list
}

class Reader {
  readonly #bytes: Uint8Array
  position: number

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes
    this.position = position
  }

  struct(depth: number): Tree {
    if (depth > 60) throw new RangeError('thrift: nested too deep')
    const tree: Tree = new Map()
    let id = 0
    for (;;) {
      const byte = this.#byte()
      if (byte === 0) return tree
      const type = byte & 15
      id = byte >> 4 === 0 ? Number(zigzag(this.#varint())) : id + (byte >> 4)
      const value = type === types.true || type === types.false ? type === types.true : this.#value(type, depth)
      tree.set(id, { type, value })
    }
  }

  #value(type: number, depth: number): TreeValue {
    switch (type) {
      case types.true:
      case types.false:
        return this.#byte()
      case types.i8:
        return (this.#byte() << 24) >> 24
      case types.i16:
      case types.i32:
        return Number(zigzag(this.#varint()))
      case types.i64:
        return zigzag(this.#varint())
      case types.double:
        return doubleOf(this.#take(8))
      case types.binary:
        return this.#take(Number(this.#varint()))
      case types.list:
      case types.set:
        return this.#list(depth)
      case types.struct:
        return this.struct(depth + 1)
      default:
        throw new RangeError(`thrift: type ${type}`)
    }
  }

  #list(depth: number): TreeList {
    const byte = this.#byte()
    const count = byte >> 4 === 15 ? Number(this.#varint()) : byte >> 4
    if (count > this.#bytes.length - this.position) throw new RangeError('thrift: list longer than the bytes')
    const list: TreeList = { elementType: byte & 15, items: [] }
    for (let index = 0; index < count; index += 1) list.items.push(this.#value(list.elementType, depth))
    return list
  }

  #varint(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      result |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asUintN(64, result)
    }
    throw new RangeError('thrift: varint too long')
  }

  #byte(): number {
    const byte = this.#bytes[this.position]
    if (byte === undefined) throw new RangeError('thrift: end of bytes')
    this.position += 1
    return byte
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.position) throw new RangeError('thrift: longer than the bytes')
    this.position += length
    return this.#bytes.subarray(this.position - length, this.position)
  }
}

function doubleOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true)
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n)
}

function writeStruct(tree: Tree, out: number[]): void {
  let previous = 0
  for (const [id, { type, value }] of tree) {
    const delta = id - previous
    if (delta > 0 && delta < 16) {
      out.push((delta << 4) | type)
    } else {
      out.push(type)
      writeSigned(BigInt(id), out)
    }
    previous = id
    if (type !== types.true && type !== types.false) writeValue(type, value, out)
  }
  out.push(0)
}

function writeValue(type: number, value: TreeValue, out: number[]): void {
  if (value instanceof Map) {
    writeStruct(value, out)
  } else if (value instanceof Uint8Array) {
    writeVarint(BigInt(value.length), out)
    for (const byte of value) out.push(byte)
  } else if (typeof value === 'object') {
    const count = value.items.length
    out.push((Math.min(count, 15) << 4) | value.elementType)
    if (count >= 15) writeVarint(BigInt(count), out)
    for (const item of value.items) writeValue(value.elementType, item, out)
  } else if (type === types.double) {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, Number(value), true)
    out.push(...bytes)
  } else if (type === types.i8 || type === types.true || type === types.false) {
    out.push(Number(value) & 255)
  } else {
    writeSigned(BigInt(value), out)
  }
}

function writeSigned(value: bigint, out: number[]): void {
  writeVarint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)), out)
}

function writeVarint(value: bigint, out: number[]): void {
  let rest = value
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  out.push(Number(rest))
}
