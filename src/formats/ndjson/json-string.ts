/**
 * The characters of a JSON string as bytes: `bytes[start..end)`, the text between the quotes with valid escapes, written
 * to `target`, which is at least as long. UTF-8; an escaped surrogate that stands alone takes the three bytes that it
 * would have (WTF-8).
 *
 * @returns how many bytes were written.
 */
export function unescapeJsonString(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let length = 0
  for (let at = start; at < end; ) {
    const byte = bytes[at]!
    if (byte !== 0x5c) {
      target[length] = byte
      length += 1
      at += 1
    } else if (bytes[at + 1] !== 0x75) {
      target[length] = shortEscapes[bytes[at + 1]!]!
      length += 1
      at += 2
    } else {
      let code = hexUnit(bytes, at + 2)
      at += 6
      if (isHighSurrogate(code) && at < end && bytes[at] === 0x5c && bytes[at + 1] === 0x75) {
        const low = hexUnit(bytes, at + 2)
        if (isLowSurrogate(low)) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
          at += 6
        }
      }
      length = writeCodePoint(code, target, length)
    }
  }
  return length
}

const shortEscapes = new Uint8Array(128)
for (const [letter, character] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  shortEscapes[letter!.charCodeAt(0)] = character!.charCodeAt(0)
}

function hexUnit(bytes: Uint8Array, at: number): number {
  let unit = 0
  for (let index = at; index < at + 4; index += 1) {
    const byte = bytes[index]!
    unit = (unit << 4) | (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
  }
  return unit
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

function writeCodePoint(code: number, target: Uint8Array, at: number): number {
  if (code < 0x80) {
    target[at] = code
    return at + 1
  }
  if (code < 0x800) {
    target[at] = 0xc0 | (code >> 6)
    target[at + 1] = 0x80 | (code & 0x3f)
    return at + 2
  }
  if (code < 0x10000) {
    target[at] = 0xe0 | (code >> 12)
    target[at + 1] = 0x80 | ((code >> 6) & 0x3f)
    target[at + 2] = 0x80 | (code & 0x3f)
    return at + 3
  }
  target[at] = 0xf0 | (code >> 18)
  target[at + 1] = 0x80 | ((code >> 12) & 0x3f)
  target[at + 2] = 0x80 | ((code >> 6) & 0x3f)
  target[at + 3] = 0x80 | (code & 0x3f)
  return at + 4
}
