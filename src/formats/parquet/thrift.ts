/**
 * A lossless document of Thrift's compact protocol, as Parquet uses it in footers, page headers and indexes: field ids,
 * wire types, order and unknown fields survive, so that reading and writing again yields the same bytes.
 *
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

/** Codes of the wire. A boolean field is written as `true` or `false`; in memory both are a boolean value. */
export const wireTypes = {
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
  map: 11,
  struct: 12,
  uuid: 13,
} as const

export type WireType = (typeof wireTypes)[keyof typeof wireTypes]

/**
 * By wire type:
 *
 * - boolean field: boolean; boolean element of a list or map: its byte, as a number (writers differ in what false is);
 * - i8 .. i64: a number where it is a safe integer, else a bigint;
 * - double: its 8 bytes, uuid: its 16 bytes, binary: its bytes (views of what was read, never copied);
 * - list, set, map, struct: the nodes below.
 */
export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftList | ThriftMap | ThriftStruct

/** A list or a set; the field's wire type says which. All values have the element type, which may be 0 in an empty one. */
export interface ThriftList {
  readonly elementType: WireType | 0
  values: ThriftValue[]
}

/** Both types are 0 in an empty map, which is written without them. */
export interface ThriftMap {
  readonly keyType: WireType | 0
  readonly valueType: WireType | 0
  readonly entries: (readonly [ThriftValue, ThriftValue])[]
}

export interface ThriftField {
  readonly id: number
  /** For a boolean `true` or `false`, whichever; the value decides what is written. */
  readonly type: WireType
  value: ThriftValue
}

/** Fields in the order of the bytes; no id twice. */
export interface ThriftStruct {
  readonly fields: ThriftField[]
}
