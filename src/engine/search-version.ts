import { nameStillTells } from '../domain/name-tells.ts'
import type { DetectableFormat, Format, Found, Search } from '../formats/format.ts'
import { detectFormat } from '../formats/registry.ts'
import type { ListedObject, ObjectVersion, OpenObject } from '../ports/object-store.ts'
import { countingSource } from './counting-source.ts'
import { nameOf, pathsOf } from './object-paths.ts'

/** What a search learnt of one object: its rows, in exactly one version. */
export interface Searched {
  readonly kind: 'searched'
  readonly object: ListedObject
  readonly format: Format
  readonly version: ObjectVersion
  readonly search: Search
  readonly found: Found
  readonly sizeBytes: number
  readonly readBytes: number
}

/** Tells the format of an open object, and finds its rows. What is said of one version says nothing about another. */
export async function searchVersion(
  opened: OpenObject,
  {
    object,
    formats,
    search,
  }: { readonly object: ListedObject; readonly formats: readonly DetectableFormat[]; readonly search: Search },
): Promise<Searched> {
  const source = countingSource(opened)
  const options = search.signal === undefined ? {} : { signal: search.signal }
  const format = await detectFormat(formats, { name: nameOf(object), source, ...options })
  const found = withNameWarning(await format.find(source, search), { object, search })
  const { version } = opened
  return {
    kind: 'searched',
    object,
    format,
    version,
    search,
    found,
    sizeBytes: source.size,
    readBytes: source.bytesRead,
  }
}

function withNameWarning(
  found: Found,
  { object, search }: { readonly object: ListedObject; readonly search: Search },
): Found {
  // A format that keeps names inside of the object has told already.
  if (found.warnings.some(({ code }) => code === 'name-still-tells')) return found
  const warning = nameStillTells(pathsOf(object), { predicate: search.predicate, hits: found.hits })
  if (warning === undefined) return found
  // A row that two matches hit is one row.
  const count = Math.min(warning.count, found.rows.size)
  return { ...found, warnings: [...found.warnings, { ...warning, count }] }
}
