import { LetheError } from './error.ts'

/** How the name of a sidecar, a file of metadata beside an object, is made of the object's own name. */
export interface SidecarPattern {
  /** The sidecar of an object: of its key or URI, that of the file beside it. */
  sidecarOf(path: string): string
  /** The object of a sidecar; undefined where no sidecar has such a name. */
  ownerOf(path: string): string | undefined
}

/**
 * Reads a pattern as `{name}.meta.json`: `{name}` is the whole name of the object, `photo.png.meta.json` the sidecar of
 * `photo.png`.
 *
 * @throws LetheError `invalid-argument`, which does not repeat the pattern.
 */
export function parseSidecarPattern(text: string): SidecarPattern {
  const parts = text.split('{name}')
  const [before = '', after = ''] = parts
  if (parts.length !== 2 || before + after === '') throw invalid('takes a name with {name} in it once, as {name}.json')
  if (text.includes('/')) throw invalid('takes the name of a file beside the object, without a slash')
  // Whoever looks for one that a crash has left alone has to find it.
  if (/^[._]/.test(before)) throw invalid('takes no name that begins with . or _, which are passed over')
  return {
    sidecarOf(path) {
      const { folder, name } = split(path)
      return `${folder}${before}${name}${after}`
    },
    ownerOf(path) {
      const { folder, name } = split(path)
      const isOne = name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after)
      return isOne ? folder + name.slice(before.length, name.length - after.length) : undefined
    },
  }
}

function split(path: string): { readonly folder: string; readonly name: string } {
  const at = path.lastIndexOf('/') + 1
  return { folder: path.slice(0, at), name: path.slice(at) }
}

function invalid(what: string): LetheError {
  return new LetheError('invalid-argument', `--sidecar ${what}`)
}
