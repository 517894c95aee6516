/** What a `JsonReader` reads. Numbers, because they are compared once for each token. */
export const token = {
  /** The text is not JSON from here on. */
  invalid: 0,
  /** The bytes end and the value, if one was begun, does not. */
  unfinished: 1,
  /** The value is complete, and only white space follows it. */
  end: 2,
  objectStart: 3,
  objectEnd: 4,
  arrayStart: 5,
  arrayEnd: 6,
  key: 7,
  string: 8,
  number: 9,
  true: 10,
  false: 11,
  null: 12,
} as const

export type Token = (typeof token)[keyof typeof token]

const expected = { value: 0, valueOrEnd: 1, key: 2, keyOrEnd: 3, colon: 4, commaOrEnd: 5, nothing: 6 } as const
type Expected = (typeof expected)[keyof typeof expected]

const kinds = { object: 1, array: 2 } as const

/**
 * Reads one JSON text (RFC 8259, strictly) as a sequence of tokens, from bytes, without recursion: nesting costs a byte
 * a level. UTF-8 inside strings is not checked, and an escaped surrogate may stand alone: neither hides a value.
 */
export class JsonReader {
  /** The token last read lies at `start..end`; of a key or string, what is between the quotes. */
  start = 0
  end = 0
  /** Whether the key or string last read has escapes. */
  hasEscapes = false
  /** Containers that are open. */
  depth = 0
  /** After `invalid`: the bytes ended inside a token. */
  isCut = false

  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #limit = 0
  #expected: Expected = expected.value
  #kinds = new Uint8Array(64)

  /** Begins a text that is all of, or begins with, `bytes[start..end)`. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.depth = 0
    this.isCut = false
    this.#expected = expected.value
    this.resume(bytes, start, end)
  }

  /** Goes on with the same text after `unfinished`, as if these bytes had followed. */
  resume(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.#at = start
    this.#limit = end
  }

  next(): Token {
    const byte = this.#skipSpace()
    if (byte === undefined) return this.#expected === expected.nothing ? token.end : token.unfinished
    switch (this.#expected) {
      case expected.commaOrEnd:
        return this.#commaOrEnd(byte)
      case expected.keyOrEnd:
        return byte === 0x7d ? this.#close(kinds.object) : this.#key(byte)
      case expected.key:
        return this.#key(byte)
      case expected.colon:
        if (byte !== 0x3a) return token.invalid
        this.#at += 1
        this.#expected = expected.value
        return this.next()
      case expected.valueOrEnd:
        return byte === 0x5d ? this.#close(kinds.array) : this.#value(byte)
      case expected.value:
        return this.#value(byte)
      case expected.nothing:
        return token.invalid
    }
  }

  /** Reads on to the end of the innermost open container, if there is one; false where the text is invalid, or unfinished. */
  skipContainer(): boolean {
    const outside = Math.max(0, this.depth - 1)
    while (this.depth > outside) {
      const read = this.next()
      if (read === token.invalid || read === token.unfinished) return false
    }
    return true
  }

  #commaOrEnd(byte: number): Token {
    const isObject = this.#kinds[this.depth - 1] === kinds.object
    if (byte === 0x2c) {
      this.#at += 1
      this.#expected = isObject ? expected.key : expected.value
      return this.next()
    }
    if (byte === 0x7d && isObject) return this.#close(kinds.object)
    if (byte === 0x5d && !isObject) return this.#close(kinds.array)
    return token.invalid
  }

  #key(byte: number): Token {
    if (byte !== 0x22 || !this.#string()) return token.invalid
    this.#expected = expected.colon
    return token.key
  }

  #value(byte: number): Token {
    switch (byte) {
      case 0x22:
        return this.#string() ? this.#scalar(token.string) : token.invalid
      case 0x7b:
        return this.#openContainer(kinds.object)
      case 0x5b:
        return this.#openContainer(kinds.array)
      case 0x74:
        return this.#word('true') ? this.#scalar(token.true) : token.invalid
      case 0x66:
        return this.#word('false') ? this.#scalar(token.false) : token.invalid
      case 0x6e:
        return this.#word('null') ? this.#scalar(token.null) : token.invalid
      default:
        return this.#number() ? this.#scalar(token.number) : token.invalid
    }
  }

  #scalar(read: Token): Token {
    this.#expected = this.depth === 0 ? expected.nothing : expected.commaOrEnd
    return read
  }

  #openContainer(kind: 1 | 2): Token {
    if (this.depth === this.#kinds.length) {
      const grown = new Uint8Array(2 * this.#kinds.length)
      grown.set(this.#kinds)
      this.#kinds = grown
    }
    this.#kinds[this.depth] = kind
    this.depth += 1
    this.start = this.#at
    this.#at += 1
    this.#expected = kind === kinds.object ? expected.keyOrEnd : expected.valueOrEnd
    return kind === kinds.object ? token.objectStart : token.arrayStart
  }

  #close(kind: 1 | 2): Token {
    this.#at += 1
    this.end = this.#at
    this.depth -= 1
    return this.#scalar(kind === kinds.object ? token.objectEnd : token.arrayEnd)
  }

  #skipSpace(): number | undefined {
    while (this.#at < this.#limit) {
      const byte = this.#bytes[this.#at]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#at += 1
    }
    return undefined
  }

  #string(): boolean {
    const bytes = this.#bytes
    const limit = this.#limit
    let at = this.#at + 1
    this.start = at
    this.hasEscapes = false
    for (; at < limit; at += 1) {
      const byte = bytes[at]!
      if (byte === 0x22) {
        this.end = at
        this.#at = at + 1
        return true
      }
      if (byte === 0x5c) {
        this.hasEscapes = true
        const length = escapeLength(bytes, at, limit)
        if (length === 0) return this.#cut(at + 6 > limit)
        at += length - 1
      } else if (byte < 0x20) {
        return false
      }
    }
    return this.#cut(true)
  }

  #word(word: string): boolean {
    for (let index = 0; index < word.length; index += 1) {
      if (this.#at + index === this.#limit) return this.#cut(true)
      if (this.#bytes[this.#at + index] !== word.charCodeAt(index)) return false
    }
    this.start = this.#at
    this.#at += word.length
    this.end = this.#at
    return true
  }

  #number(): boolean {
    this.start = this.#at
    if (this.#peek() === 0x2d) this.#at += 1
    const hasInteger = this.#peek() === 0x30 ? this.#step() : this.#digits()
    if (!hasInteger) return this.#cut(this.#at === this.#limit)
    if (this.#peek() === 0x2e && !(this.#step() && this.#digits())) return this.#cut(this.#at === this.#limit)
    if ((this.#peek() | 0x20) === 0x65) {
      this.#at += 1
      if (this.#peek() === 0x2b || this.#peek() === 0x2d) this.#at += 1
      if (!this.#digits()) return this.#cut(this.#at === this.#limit)
    }
    this.end = this.#at
    return true
  }

  #digits(): boolean {
    const from = this.#at
    while (this.#at < this.#limit && (this.#bytes[this.#at]! - 0x30) >>> 0 < 10) this.#at += 1
    return this.#at > from
  }

  #peek(): number {
    return this.#at < this.#limit ? this.#bytes[this.#at]! : 0
  }

  #step(): true {
    this.#at += 1
    return true
  }

  #cut(isCut: boolean): false {
    this.isCut = isCut
    return false
  }
}

/** Length of the escape that begins at the backslash `at`; 0 where it is none, or does not end before `limit`. */
function escapeLength(bytes: Uint8Array, at: number, limit: number): number {
  if (at + 1 >= limit) return 0
  switch (bytes[at + 1]) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2
    case 0x75:
      if (at + 6 > limit) return 0
      for (let index = at + 2; index < at + 6; index += 1) if (!isHexDigit(bytes[index]!)) return 0
      return 6
    default:
      return 0
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}
