import type { Fact, Inspection } from '../format.ts'
import { looksLikeValue } from '../looks-like-value.ts'
import { BrokenLines } from './broken-lines.ts'
import { JsonReader, type Token, token } from './json-reader.ts'
import { lineBlocks } from './line-blocks.ts'

const maxKeys = 1000
const maxKeyBytes = 1024

type LineFact = 'objects' | 'arrays' | 'scalars' | 'blank' | 'malformed'
type Type = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

/**
 * Counts lines, and the top-level keys of objects with the types of their values. Beyond `maxKeys` keys, for keys longer
 * than `maxKeyBytes`, and for those that look like somebody's id, values are only counted together: keys that are data
 * are not told, and must not fill the memory.
 */
export async function inspect(
  stream: AsyncIterable<Uint8Array>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Inspection> {
  const lines: Record<LineFact, number> = { objects: 0, arrays: 0, scalars: 0, blank: 0, malformed: 0 }
  const keys = new KeyCounts()
  const broken = new BrokenLines('keep')
  let line = 0
  for await (const { bytes, start, end } of lineBlocks(stream)) {
    signal?.throwIfAborted()
    for (let at = start, next: number; at < end; at = next) {
      next = bytes.indexOf(0x0a, at) + 1
      line += 1
      const kind = keys.take(bytes, at, next - 1)
      lines[kind] += 1
      if (broken.isOpen) broken.goOn(bytes, at, next - 1, { isWhole: kind !== 'malformed' })
      if (kind === 'malformed') broken.note(bytes, at, next - 1, line)
    }
  }
  broken.finish()
  return { format: 'ndjson', facts: { lines: line, ...lines, ...keys.facts() } }
}

class KeyCounts {
  readonly #reader = new JsonReader()
  readonly #keys = new Map<string, Map<Type, number>>()
  #others = 0

  take(bytes: Buffer, start: number, end: number): LineFact {
    const kind = this.#kindOf(bytes, start, end)
    if (kind === 'objects') this.#countKeys(bytes, start, end)
    return kind
  }

  #kindOf(bytes: Buffer, start: number, end: number): LineFact {
    const reader = this.#reader
    reader.open(bytes, start, end)
    const first = reader.next()
    if (first === token.unfinished) return 'blank'
    if (first === token.invalid || !reader.skipContainer() || reader.next() !== token.end) return 'malformed'
    return first === token.objectStart ? 'objects' : first === token.arrayStart ? 'arrays' : 'scalars'
  }

  /** Of a line that is known to be an object: what was counted cannot be taken back. */
  #countKeys(bytes: Buffer, start: number, end: number): void {
    const reader = this.#reader
    let key: string | undefined
    reader.open(bytes, start, end)
    reader.next()
    for (let read = reader.next(); read !== token.objectEnd; read = reader.next()) {
      if (read === token.key) {
        key = reader.end - reader.start > maxKeyBytes ? undefined : keyText(bytes, reader)
      } else {
        this.#count(key, types[read]!)
        if (reader.depth > 1) reader.skipContainer()
      }
    }
  }

  facts(): { readonly keys: Fact; readonly valuesAtOtherKeys?: Fact } {
    const keys = Object.fromEntries([...this.#keys].map(([key, counts]) => [key, Object.fromEntries(counts)]))
    return this.#others === 0 ? { keys } : { keys, valuesAtOtherKeys: this.#others }
  }

  #count(key: string | undefined, type: Type): void {
    let counts = key === undefined ? undefined : this.#keys.get(key)
    if (counts === undefined) {
      if (key === undefined || this.#keys.size === maxKeys || looksLikeValue(key)) {
        this.#others += 1
        return
      }
      this.#keys.set(key, (counts = new Map()))
    }
    counts.set(type, 1 + (counts.get(type) ?? 0))
  }
}

const types: Partial<Record<Token, Type>> = {
  [token.objectStart]: 'object',
  [token.arrayStart]: 'array',
  [token.string]: 'string',
  [token.number]: 'number',
  [token.true]: 'boolean',
  [token.false]: 'boolean',
  [token.null]: 'null',
}

function keyText(bytes: Buffer, { start, end, hasEscapes }: JsonReader): string {
  const text = bytes.toString('utf8', start, end)
  return hasEscapes ? String(JSON.parse(`"${text}"`)) : text
}
