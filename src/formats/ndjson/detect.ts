import type { Probe } from '../format.ts'
import { JsonReader, token } from './json-reader.ts'

/**
 * NDJSON by content where the first line that is not blank is a JSON object; as far as it was read, if it is longer than
 * the probe. By name where that says so: its lines may be scalars, or none.
 */
export function detect({ name, size, head }: Probe): 'content' | 'name' | 'no' {
  if (beginsWithObject(head, size)) return 'content'
  return /\.(ndjson|jsonl|json)$/i.test(name) ? 'name' : 'no'
}

function beginsWithObject(head: Uint8Array, size: number): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (start < bytes.length && [0x20, 0x09, 0x0a, 0x0d].includes(bytes[start]!)) start += 1
  if (bytes[start] !== 0x7b) return false
  const lineEnd = bytes.indexOf(0x0a, start)
  const isWhole = lineEnd !== -1 || head.length === size
  return isObject(bytes, start, { end: lineEnd === -1 ? bytes.length : lineEnd, isWhole })
}

function isObject(bytes: Uint8Array, start: number, { end, isWhole }: { end: number; isWhole: boolean }): boolean {
  const reader = new JsonReader()
  reader.open(bytes, start, end)
  for (;;) {
    const read = reader.next()
    if (read === token.end) return true
    if (read === token.unfinished) return !isWhole
    if (read === token.invalid) return !isWhole && reader.isCut
  }
}
