import { isUtf8 } from 'node:buffer'
import { LetheError } from '../domain/error.ts'
import type { Reading, ToldValue } from '../domain/object-reading.ts'
import { JsonReader, type Token, token } from './ndjson/json-reader.ts'

/**
 * Those of the columns asked for that a JSON object gives, on one line or many: its scalars, by their paths (`user.id`),
 * in either case. An array is several values, and what several values say of one object is not certain.
 *
 * @throws LetheError `malformed`; `unsupported-key` where a column that is asked for is in an array; `ambiguous-column`
 *   where one is there twice
 */
export function readJsonColumns(bytes: Buffer, { columns }: { readonly columns: Iterable<string> }): Reading {
  const asked = [...columns].map((column) => column.toLowerCase())
  const maxDepth = asked.reduce((depth, column) => Math.max(depth, column.split('.').length), 1)
  const isAsked = (path: string) => asked.includes(path.toLowerCase())
  const isAskedIn = (path: string) => asked.some((column) => column.startsWith(`${path.toLowerCase()}[`))
  if (!isUtf8(bytes)) throw malformed()
  const reader = new JsonReader()
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  reader.open(bytes, hasMark ? 3 : 0, bytes.length)
  if (reader.next() !== token.objectStart) throw malformed()

  const reading = new Map<string, ToldValue>()
  const path: string[] = []
  for (let read = reader.next(); read !== token.end; read = reader.next()) {
    if (read === token.key) {
      path.length = reader.depth - 1
      path.push(textOf(reader, bytes))
    } else if (read === token.arrayStart || (read === token.objectStart && reader.depth > maxDepth)) {
      const place = path.join('.')
      if (read === token.arrayStart && (isAsked(place) || isAskedIn(place))) throw severalValues()
      if (!reader.skipContainer()) throw malformed()
    } else if (read !== token.objectStart && read !== token.objectEnd) {
      const value = scalarOf(read, reader, bytes)
      const column = path.join('.')
      if (!isAsked(column)) continue
      if (reading.has(column)) throw twice()
      reading.set(column, value)
    }
  }
  return reading
}

function scalarOf(read: Token, reader: JsonReader, bytes: Buffer): ToldValue {
  switch (read) {
    case token.string:
      return textOf(reader, bytes)
    case token.number:
      return { number: bytes.toString('latin1', reader.start, reader.end) }
    case token.true:
      return 'true'
    case token.false:
      return 'false'
    case token.null:
      return null
    default:
      throw malformed()
  }
}

function textOf({ start, end, hasEscapes }: JsonReader, bytes: Buffer): string {
  const text = bytes.toString('utf8', start, end)
  // The reader has found the escapes to be sound.
  return hasEscapes ? (JSON.parse(`"${text}"`) as string) : text
}

function malformed(): LetheError {
  return new LetheError('malformed', 'its sidecar is not one JSON object in UTF-8')
}

function severalValues(): LetheError {
  return new LetheError('unsupported-key', 'its sidecar has an array where a match looks for a value')
}

function twice(): LetheError {
  return new LetheError('ambiguous-column', 'its sidecar has the same column twice')
}
