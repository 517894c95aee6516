import type { ByteCursor } from './byte-cursor.ts'
import { malformed } from './refusal.ts'
import type { ArrayType, AvroType, MapType, RecordType, UnionType } from './schema.ts'

/**
 * Passes over one row by its type alone. Slower than `RowReader` and with nothing in common: it is what the proof of an
 * edit reads with, so that an error of the one cannot hide in the other.
 */
export function skipRow(cursor: ByteCursor, row: AvroType): void {
  const stack: Frame[] = []
  begin(cursor, row, stack)
  for (let frame = stack.pop(); frame !== undefined; frame = stack.pop()) {
    if (frame.kind === 'fields') skipFields(cursor, frame, stack)
    else skipItems(cursor, frame, stack)
  }
}

type CompoundType = RecordType | ArrayType | MapType | UnionType
type Frame = Fields | Items

/** A record whose fields from `next` on are still to come. */
interface Fields {
  readonly kind: 'fields'
  readonly record: RecordType
  next: number
}

/** An array or map: items left in its present block, and where that ends, if it says so. */
interface Items {
  readonly kind: 'items'
  readonly type: AvroType
  readonly hasKeys: boolean
  left: number
  blockEnd: number | undefined
}

function skipFields(cursor: ByteCursor, frame: Fields, stack: Frame[]): void {
  const { fields } = frame.record
  while (frame.next < fields.length) {
    const { type } = fields[frame.next]!
    frame.next += 1
    if (skipSimple(cursor, type)) continue
    stack.push(frame)
    begin(cursor, type, stack)
    return
  }
}

function skipItems(cursor: ByteCursor, frame: Items, stack: Frame[]): void {
  while (frame.left > 0 || nextItems(cursor, frame)) {
    frame.left -= 1
    if (frame.hasKeys) cursor.skip(cursor.readCount())
    if (skipSimple(cursor, frame.type)) continue
    stack.push(frame)
    begin(cursor, frame.type, stack)
    return
  }
}

/** Goes on to the items' next block; false where there is none. */
function nextItems(cursor: ByteCursor, frame: Items): boolean {
  for (;;) {
    if (frame.blockEnd !== undefined && frame.blockEnd !== cursor.position)
      throw malformed('items do not fill their size')
    const count = cursor.readLong()
    if (count === 0) return false
    frame.blockEnd = count < 0 ? cursor.readCount() + cursor.position : undefined
    // Items without a byte need no passing over, however many they are.
    if (frame.type.isEmpty && !frame.hasKeys) continue
    frame.left = Math.abs(Number(count))
    if (frame.left > cursor.remaining) throw malformed('more items than bytes')
    return true
  }
}

/** Begins a value that has others within; passes over any other at once. */
function begin(cursor: ByteCursor, type: AvroType, stack: Frame[]): void {
  if (skipSimple(cursor, type)) return
  switch (type.kind) {
    case 'union':
      begin(cursor, oneOf(cursor, type.branches), stack)
      break
    case 'array':
      stack.push({ kind: 'items', type: type.items, hasKeys: false, left: 0, blockEnd: undefined })
      break
    case 'map':
      stack.push({ kind: 'items', type: type.values, hasKeys: true, left: 0, blockEnd: undefined })
      break
    default:
      stack.push({ kind: 'fields', record: type, next: 0 })
  }
}

/** Passes over a value that has no other within, and says whether it was one. */
function skipSimple(cursor: ByteCursor, type: AvroType): type is Exclude<AvroType, CompoundType> {
  switch (type.kind) {
    case 'null':
      return true
    case 'boolean':
      cursor.skip(1)
      return true
    case 'int':
    case 'long':
      cursor.readLong()
      return true
    case 'float':
      cursor.skip(4)
      return true
    case 'double':
      cursor.skip(8)
      return true
    case 'bytes':
    case 'string':
      cursor.skip(cursor.readCount())
      return true
    case 'fixed':
      cursor.skip(type.size)
      return true
    case 'enum':
      oneOf(cursor, type.symbols)
      return true
    default:
      return false
  }
}

function oneOf<Choice>(cursor: ByteCursor, choices: readonly Choice[]): Choice {
  const choice = choices[Number(cursor.readLong())]
  if (choice === undefined) throw malformed('a choice is not in the schema')
  return choice
}
