import type { ByteCursor } from './byte-cursor.ts'
import { malformed } from './refusal.ts'
import type { AvroType, RecordType } from './schema.ts'

/**
 * Passes over one row by its type alone. Slower than `RowReader` and with nothing in common: it is what the proof of an
 * edit reads with, so that an error of the one cannot hide in the other.
 */
export function skipRow(cursor: ByteCursor, row: AvroType): void {
  const stack: Frame[] = [row]
  for (let frame = stack.pop(); frame !== undefined; frame = stack.pop()) {
    if (frame.kind === 'fields') skipField(frame, stack)
    else if (frame.kind === 'items') skipItem(cursor, frame, stack)
    else skipType(cursor, frame, stack)
  }
}

type Frame = AvroType | Fields | Items

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

function skipField(frame: Fields, stack: Frame[]): void {
  const field = frame.record.fields[frame.next]
  if (field === undefined) return
  frame.next += 1
  stack.push(frame, field.type)
}

function skipItem(cursor: ByteCursor, frame: Items, stack: Frame[]): void {
  if (frame.left === 0) {
    if (frame.blockEnd !== undefined && frame.blockEnd !== cursor.position)
      throw malformed('items do not fill their size')
    const count = cursor.readLong()
    if (count === 0) return
    frame.blockEnd = count < 0 ? cursor.readCount() + cursor.position : undefined
    const items = Math.abs(Number(count))
    if (items > cursor.remaining && (frame.hasKeys || !frame.type.isEmpty)) throw malformed('more items than bytes')
    // What has no bytes needs no passing over.
    frame.left = frame.type.isEmpty && !frame.hasKeys ? 0 : items
    stack.push(frame)
    return
  }
  frame.left -= 1
  if (frame.hasKeys) cursor.readBytes(cursor.readCount())
  stack.push(frame, frame.type)
}

function skipType(cursor: ByteCursor, type: AvroType, stack: Frame[]): void {
  switch (type.kind) {
    case 'null':
      break
    case 'boolean':
      cursor.readBytes(1)
      break
    case 'int':
    case 'long':
      cursor.readLong()
      break
    case 'float':
      cursor.readBytes(4)
      break
    case 'double':
      cursor.readBytes(8)
      break
    case 'bytes':
    case 'string':
      cursor.readBytes(cursor.readCount())
      break
    case 'fixed':
      cursor.readBytes(type.size)
      break
    case 'enum':
      oneOf(cursor, type.symbols)
      break
    case 'union':
      stack.push(oneOf(cursor, type.branches))
      break
    case 'array':
      stack.push({ kind: 'items', type: type.items, hasKeys: false, left: 0, blockEnd: undefined })
      break
    case 'map':
      stack.push({ kind: 'items', type: type.values, hasKeys: true, left: 0, blockEnd: undefined })
      break
    case 'record':
      stack.push({ kind: 'fields', record: type, next: 0 })
  }
}

function oneOf<Choice>(cursor: ByteCursor, choices: readonly Choice[]): Choice {
  const choice = choices[Number(cursor.readLong())]
  if (choice === undefined) throw malformed('a choice is not in the schema')
  return choice
}
