import {
  type ThriftList,
  type ThriftMap,
  type ThriftStruct,
  type ThriftValue,
  type WireType,
  wireTypes,
} from './thrift.ts'

/** The bytes of a structure; the inverse of `readThrift` for what any known writer emits (minimal varints, short forms). */
export function writeThrift(struct: ThriftStruct): Uint8Array {
  const writer = new ThriftWriter()
  writer.writeStruct(struct)
  return writer.bytes()
}

class ThriftWriter {
  #buffer = new Uint8Array(256)
  #size = 0

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#size)
  }

  writeStruct({ fields }: ThriftStruct): void {
    let last = 0
    for (const { id, type, value } of fields) {
      const wire = typeof value === 'boolean' ? (value ? wireTypes.true : wireTypes.false) : type
      this.#fieldHeader(id, id - last, wire)
      last = id
      if (typeof value !== 'boolean') this.#value(type, value)
    }
    this.#byte(0)
  }

  #fieldHeader(id: number, delta: number, wire: WireType): void {
    if (delta > 0 && delta <= 15) {
      this.#byte((delta << 4) | wire)
    } else {
      this.#byte(wire)
      this.#zigzag(id)
    }
  }

  #value(type: WireType, value: ThriftValue): void {
    switch (type) {
      case wireTypes.true:
      case wireTypes.false:
      case wireTypes.i8:
        this.#byte((value as number) & 255)
        break
      case wireTypes.i16:
      case wireTypes.i32:
      case wireTypes.i64:
        this.#zigzag(value as number | bigint)
        break
      case wireTypes.double:
      case wireTypes.uuid:
        this.#append(value as Uint8Array)
        break
      case wireTypes.binary:
        this.#varint((value as Uint8Array).length)
        this.#append(value as Uint8Array)
        break
      case wireTypes.list:
      case wireTypes.set:
        this.#list(value as ThriftList)
        break
      case wireTypes.map:
        this.#map(value as ThriftMap)
        break
      case wireTypes.struct:
        this.writeStruct(value as ThriftStruct)
        break
    }
  }

  #list({ elementType, values }: ThriftList): void {
    if (values.length < 15) {
      this.#byte((values.length << 4) | elementType)
    } else {
      this.#byte(0xf0 | elementType)
      this.#varint(values.length)
    }
    if (elementType !== 0) for (const value of values) this.#value(elementType, value)
  }

  #map({ keyType, valueType, entries }: ThriftMap): void {
    this.#varint(entries.length)
    if (entries.length === 0 || keyType === 0 || valueType === 0) return
    this.#byte((keyType << 4) | valueType)
    for (const [key, value] of entries) {
      this.#value(keyType, key)
      this.#value(valueType, value)
    }
  }

  #zigzag(value: number | bigint): void {
    if (typeof value === 'number' && Math.abs(value) < 2 ** 51) {
      this.#varint(value >= 0 ? value * 2 : -value * 2 - 1)
      return
    }
    const long = BigInt(value)
    let bits = long >= 0n ? long << 1n : (-long << 1n) - 1n
    for (; bits >= 128n; bits >>= 7n) this.#byte(Number(bits & 127n) | 128)
    this.#byte(Number(bits))
  }

  #varint(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128)
    this.#byte(rest)
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#size)
    this.#size += bytes.length
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#buffer[this.#size] = byte
    this.#size += 1
  }

  #reserve(length: number): void {
    if (this.#size + length <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(2 * this.#buffer.length, this.#size + length))
    grown.set(this.#buffer.subarray(0, this.#size))
    this.#buffer = grown
  }
}
