const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The 16 bytes of a UUID in its canonical form (RFC 9562, section 4), hex digits in either case; else undefined. */
export function uuidOfText(text: string): Uint8Array | undefined {
  if (!canonical.test(text)) return undefined
  const hex = text.replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16))
}
