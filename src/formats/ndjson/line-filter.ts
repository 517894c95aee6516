import { TextTable } from '../text-table.ts'
import type { CompiledPredicate, KeyOfInterest } from './compiled-predicate.ts'
import { KeySignatures } from './key-signatures.ts'
import type { PartitionValues } from './partition-values.ts'
import { TupleSieve } from './tuple-sieve.ts'
import type { ValueTable } from './value-table.ts'

/** What a fast look at a line says. In order: the larger of two is the verdict on a line that gives rise to both. */
export const verdict = {
  /** An object that matches nothing, and of which nothing else is to be known. */
  clean: 0,
  /** It matches nothing, but has a column that was not seen yet, or an array or object at a key. */
  look: 1,
  /** It could hold a matched value. */
  mayMatch: 2,
  /** It is no object, or not built as one, or nested deeper than this look goes. */
  unclear: 3,
} as const

export type Verdict = (typeof verdict)[keyof typeof verdict]

const maxDepth = 512

// Classes of bytes. In strings and bare words all that is `plain` is skipped in one go.
const plain = 0
const quote = 1
const backslash = 2
const newline = 3
const notAscii = 4

const keyClasses = classes((byte) =>
  byte === 0x22 ? quote : byte === 0x5c ? backslash : byte === 0x0a ? newline : byte >= 0x80 ? notAscii : plain,
)
const stringClasses = keyClasses.map((found) => (found === notAscii ? plain : found))
/** 0: may stand in a number, `true`, `false`, `null`, and what else people write there: `NaN`, `-Infinity`, `0x1F`. */
const wordClasses = classes((byte) => (/[0-9A-Za-z+\-._]/.test(String.fromCharCode(byte)) && byte < 0x80 ? 0 : 1))
const lowerCase = classes((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte))

/**
 * The fast look at every line: is it built as an object (quotes, brackets, colons and commas in their places), and
 * could it hold a matched value? It never says `clean` of a line which, parsed in full, would match or warn: whatever it
 * cannot tell for certain from the raw bytes (an escape in a key or in a value at one, a number in another form) is
 * looked at closer. What is wrong inside a word or string that no match looks at is let pass.
 */
export class LineFilter {
  /** After a look: where the next line begins. */
  next = 0

  readonly #keys: readonly KeyOfInterest[]
  readonly #keyTable: TextTable
  readonly #indexOfKey: ReadonlyMap<string, number>
  readonly #signatures = new KeySignatures()
  /** For each key of interest whether a column behind it has not been seen yet. */
  readonly #isUnseen: Uint8Array
  #hasUnseen = 1
  /** Keys of interest that were met in the line, of columns not seen yet. */
  readonly #met: number[] = []
  readonly #anyDepth: boolean
  readonly #floor: Verdict
  readonly #values: readonly ValueTable[]
  readonly #sieve: TupleSieve
  readonly #isArrayAt = new Uint8Array(maxDepth + 1)
  readonly #folded = Buffer.alloc(256)

  constructor({ keys, slots, groups, hasPaths }: CompiledPredicate, partitions: PartitionValues) {
    this.#keys = keys
    this.#keyTable = new TextTable(keys.map(({ key }) => key))
    this.#indexOfKey = new Map(keys.map(({ key }, index) => [key, index]))
    this.#isUnseen = new Uint8Array(keys.length).fill(1)
    this.#anyDepth = hasPaths
    this.#values = slots.map(({ values }) => values)
    this.#sieve = new TupleSieve(groups, (slot) => partitions.idsOf(slot).length > 0)
    // What the folders alone make match may match whatever it holds.
    this.#floor = partitions.groups.length > 0 ? verdict.mayMatch : verdict.clean
    for (const { key } of keys) this.#signatures.add(key)
  }

  /** Tells which columns have been seen: `seen[column]` is 1. A line is not looked at again only for their sake. */
  noteSeen(seen: Uint8Array): void {
    if (this.#hasUnseen === 0) return
    this.#hasUnseen = 0
    for (let index = 0; index < this.#keys.length; index += 1) {
      const isUnseen = this.#keys[index]!.columns.some((column) => seen[column] === 0) ? 1 : 0
      this.#isUnseen[index] = isUnseen
      this.#hasUnseen |= isUnseen
    }
  }

  /** Columns not seen yet that the line last looked at seems to have: for a line that cannot be parsed. */
  get columnsMet(): readonly number[] {
    return this.#met.flatMap((key) => this.#keys[key]!.columns)
  }

  /**
   * Looks at the line that begins at `start`; there must be a newline at or after it, so that no step has to ask whether
   * the bytes end. One loop over the bytes, without calls for most of them: all lines of a lake come through here.
   */
  judge(bytes: Buffer, start: number): Verdict {
    const isArrayAt = this.#isArrayAt
    this.#sieve.clear()
    if (this.#met.length > 0) this.#met.length = 0
    let found: Verdict = this.#floor
    let depth = 0
    let isArray = false
    let isFresh = true
    /** The key of interest at which the next value lies; -1 for none. */
    let key = -1
    /** The key of interest that has the elements of the array which was opened to this depth. */
    let elementsKey = -1
    let elementsDepth = 0
    let at = start
    let byte = bytes[at]!
    while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
    if (byte !== 0x7b) return this.#unclear(bytes, at)

    for (;;) {
      // Here a value begins: `byte` is its first.
      if (byte === 0x22) {
        const from = ++at
        let end = stringClasses[bytes[at]!]!
        while (end === plain) end = stringClasses[bytes[++at]!]!
        let hasEscapes = false
        while (end !== quote) {
          if (end === newline || bytes[at + 1] === 0x0a) return this.#unclear(bytes, at)
          hasEscapes = true
          at += 2
          end = stringClasses[bytes[at]!]!
          while (end === plain) end = stringClasses[bytes[++at]!]!
        }
        if (key >= 0 && (hasEscapes || this.#isText(key, bytes, from, at))) found = verdict.mayMatch
        if (elementsKey >= 0 && (hasEscapes || this.#isText(elementsKey, bytes, from, at))) found = verdict.mayMatch
        byte = bytes[++at]!
      } else if (byte === 0x7b || byte === 0x5b) {
        if (depth === maxDepth) return this.#unclear(bytes, at)
        depth += 1
        isArray = byte === 0x5b
        isArrayAt[depth] = isArray ? 1 : 0
        if (elementsKey >= 0 && found < verdict.look) found = verdict.look
        if (key >= 0) {
          const { isLeaf, hasElements } = this.#keys[key]!
          if (isLeaf && found < verdict.look) found = verdict.look
          // One inside another: the look knows of one at a time.
          if (hasElements && elementsKey >= 0) found = verdict.mayMatch
          if (hasElements && elementsKey < 0) {
            elementsKey = key
            elementsDepth = depth
          }
          key = -1
        }
        isFresh = true
        byte = bytes[++at]!
        while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
      } else {
        const from = at
        while (wordClasses[byte] === 0) byte = bytes[++at]!
        if (at === from) return this.#unclear(bytes, at)
        if (key >= 0 && this.#isWord(key, bytes, from, at)) found = verdict.mayMatch
        if (elementsKey >= 0 && this.#isWord(elementsKey, bytes, from, at)) found = verdict.mayMatch
      }

      // Here a value has ended, or a container was opened (then it is fresh): commas, ends, and the next key.
      for (;;) {
        while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
        if (byte === (isArray ? 0x5d : 0x7d)) {
          isFresh = false
          if (depth === elementsDepth) {
            elementsDepth = 0
            elementsKey = -1
          }
          depth -= 1
          isArray = isArrayAt[depth] === 1
          byte = bytes[++at]!
          if (depth > 0) continue
          while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
          if (byte !== 0x0a) return this.#unclear(bytes, at)
          this.next = at + 1
          return found
        }
        if (isFresh) {
          isFresh = false
        } else {
          if (byte !== 0x2c) return this.#unclear(bytes, at)
          byte = bytes[++at]!
          while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
        }
        break
      }
      if (isArray) {
        key = -1
        continue
      }

      // Here a key begins.
      if (byte !== 0x22) return this.#unclear(bytes, at)
      const from = ++at
      let end = keyClasses[bytes[at]!]!
      while (end === plain) end = keyClasses[bytes[++at]!]!
      let isOdd = false
      while (end !== quote) {
        if (end === newline) return this.#unclear(bytes, at)
        if (end === backslash) {
          if (bytes[++at] === 0x0a) return this.#unclear(bytes, at)
          if (depth === 1 || this.#anyDepth) found = verdict.mayMatch
        }
        isOdd = true
        end = keyClasses[bytes[++at]!]!
      }
      key = -1
      if (depth === 1 || this.#anyDepth) {
        if (isOdd) key = this.#oddKey(bytes, from, at)
        else if (this.#signatures.mayHave(bytes, from, at)) key = this.#asciiKey(bytes, from, at)
        if (key >= 0 && this.#isUnseen[key] === 1) {
          this.#met.push(key)
          if (found < verdict.look) found = verdict.look
        }
      }
      byte = bytes[++at]!
      while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
      if (byte !== 0x3a) return this.#unclear(bytes, at)
      byte = bytes[++at]!
      while (byte === 0x20 || byte === 0x0d || byte === 0x09) byte = bytes[++at]!
    }
  }

  #unclear(bytes: Buffer, at: number): Verdict {
    this.next = bytes.indexOf(0x0a, at) + 1
    return verdict.unclear
  }

  #asciiKey(bytes: Buffer, start: number, end: number): number {
    const length = end - start
    if (length > this.#folded.length) return this.#oddKey(bytes, start, end)
    for (let index = 0; index < length; index += 1) this.#folded[index] = lowerCase[bytes[start + index]!]!
    return this.#keyTable.indexOf(this.#folded, 0, length)
  }

  /** A key with escapes is looked at closer whatever it is; one that is not ASCII is folded as its characters are. */
  #oddKey(bytes: Buffer, start: number, end: number): number {
    return this.#indexOfKey.get(bytes.toString('utf8', start, end).toLowerCase()) ?? -1
  }

  /** Whether the string may make the line match, together with what the line held before it. */
  #isText(key: number, bytes: Buffer, start: number, end: number): boolean {
    let mayMatch = false
    for (const slot of this.#keys[key]!.slots) {
      if (this.#values[slot]!.ofString(bytes, start, end) !== -1 && this.#sieve.note(slot)) mayMatch = true
    }
    return mayMatch
  }

  /** Whether the bare word may do so: it is one of the texts, or no word of JSON at all. */
  #isWord(key: number, bytes: Buffer, start: number, end: number): boolean {
    const first = bytes[start]!
    if (first === 0x6e && isWord(bytes, start, end, 'null')) return false
    if (first === 0x74 && isWord(bytes, start, end, 'true')) return this.#isText(key, bytes, start, end)
    if (first === 0x66 && isWord(bytes, start, end, 'false')) return this.#isText(key, bytes, start, end)
    if (first !== 0x2d && !(first >= 0x30 && first <= 0x39)) return true
    let mayMatch = false
    for (const slot of this.#keys[key]!.slots) {
      if (this.#values[slot]!.mayBeNumber(bytes, start, end) && this.#sieve.note(slot)) mayMatch = true
    }
    return mayMatch
  }
}

function isWord(bytes: Buffer, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false
  for (let index = 0; index < word.length; index += 1) if (bytes[start + index] !== word.charCodeAt(index)) return false
  return true
}

function classes(classOf: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte))
}
