import type { LetheError } from '../domain/error.ts'
import { nameStillTells } from '../domain/name-tells.ts'
import { partitionColumns } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { DetectableFormat, Found, Search } from '../formats/format.ts'
import { detectFormat } from '../formats/registry.ts'
import type { ListedObject, ObjectStore, ObjectVersion } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { countingSource } from './counting-source.ts'

/** What a find learnt of one object: its rows, in exactly one version, or why it could not be searched. */
export type Finding =
  | {
      readonly kind: 'searched'
      readonly object: ListedObject
      readonly format: DetectableFormat
      readonly version: ObjectVersion
      readonly search: Search
      readonly found: Found
      readonly sizeBytes: number
      readonly readBytes: number
    }
  | {
      readonly kind: 'unsearched'
      readonly object: Pick<ListedObject, 'key' | 'uri' | 'versionId'>
      readonly error: LetheError
    }

export type Searched = Extract<Finding, { kind: 'searched' }>

export interface FindObjectRequest {
  readonly predicate: Predicate
  readonly malformed: Search['malformed']
  readonly guard: (key: string) => Promise<void>
  readonly signal?: AbortSignal
  readonly onProgress?: (bytes: number) => void
}

/** Searches one object; never rejects. What cannot be read with certainty is a finding of its own. */
export async function findObject(
  store: Pick<ObjectStore, 'open' | 'preflight'>,
  formats: readonly DetectableFormat[],
  { object, ...request }: FindObjectRequest & { readonly object: ListedObject },
): Promise<Finding> {
  try {
    await request.guard(object.key)
    return await search(store, formats, object, request)
  } catch (error) {
    return { kind: 'unsearched', object, error: asLetheError(error, request.signal) }
  }
}

async function search(
  store: Pick<ObjectStore, 'open' | 'preflight'>,
  formats: readonly DetectableFormat[],
  object: ListedObject,
  { predicate, malformed, signal, onProgress }: FindObjectRequest,
): Promise<Searched> {
  const options = signal === undefined ? {} : { signal }
  const version = object.versionId === undefined ? options : { ...options, versionId: object.versionId }
  await store.preflight(object.key, { before: 'search', ...version })
  await using opened = await store.open(object.key, version)
  const source = countingSource(opened)
  const name = object.uri.slice(object.uri.lastIndexOf('/') + 1)
  const format = await detectFormat(formats, { name, source, ...options })
  const request: Search = {
    predicate,
    malformed,
    partitions: partitionColumns(object.uri),
    ...options,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
  const found = await format.find(source, request)
  if (found.rows.size > 0) await store.preflight(object.key, { before: 'rewrite', ...version })
  const tells = nameStillTells(object.uri, { predicate, hits: found.hits })
  const isTold = found.warnings.some((warning) => warning.code === 'name-still-tells')
  return {
    kind: 'searched',
    object,
    format,
    version: opened.version,
    search: request,
    found: tells === undefined || isTold ? found : { ...found, warnings: [...found.warnings, tells] },
    sizeBytes: source.size,
    readBytes: source.bytesRead,
  }
}
