import { isUtf8 } from 'node:buffer'

/**
 * The text of a name on disk, which is bytes. Bytes that are no UTF-8 become lone surrogates U+DC80..U+DCFF, so that
 * every name has a text of its own and the way back is exact (as in PEP 383, "surrogateescape").
 */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)))
    text += length === undefined ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length)
    at += length ?? 1
  }
  return text
}

/** The name or path to give to the system. Node would turn a lone surrogate into U+FFFD: the name of another file. */
export function encodeName(text: string): string | Buffer {
  if (text.isWellFormed()) return text
  const parts = [...text].map((character) => {
    const code = character.codePointAt(0)!
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character)
  })
  return Buffer.concat(parts)
}

/** A name in a folder, as one path. */
export function joinName(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

/** The folder of a path, ending with `/`, and the name in it. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const at = path.lastIndexOf('/') + 1
  return { folder: path.slice(0, at), name: path.slice(at) }
}
