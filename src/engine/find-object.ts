import { LetheError } from '../domain/error.ts'
import type { ObjectVerdict } from '../domain/object-match.ts'
import type { PartitionColumn } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { Warning } from '../domain/warning.ts'
import type { DetectableFormat, Search } from '../formats/format.ts'
import type { ListedObject, ObjectStore, PreflightOptions } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { type Named, requireOneName, warningsOfFolders } from './named-object.ts'
import { partitionsOf } from './object-paths.ts'
import { type Searched, searchVersion } from './search-version.ts'
import { isThere, type Sidecar } from './sidecar.ts'
import type { Judgement, ObjectJudge } from './whole-objects.ts'

/** What a find learnt of one object, or why it could not be searched. */
export type Finding = Searched | Named | Unsearched

export interface Unsearched {
  readonly kind: 'unsearched'
  readonly object: Pick<ListedObject, 'key' | 'uri' | 'versionId'>
  readonly error: LetheError
}

export interface FindObjectRequest {
  readonly predicate: Predicate
  readonly malformed: Search['malformed']
  /** Tells of some objects whose they are: those go as a whole, or are not read. */
  readonly judge?: ObjectJudge
  readonly guard: (object: ListedObject) => Promise<void>
  readonly signal?: AbortSignal
  readonly onProgress?: (bytes: number) => void
}

/** Searches one object; never rejects. What cannot be read with certainty is a finding of its own. */
export async function findObject(
  store: Pick<ObjectStore, 'open' | 'preflight' | 'capabilities'>,
  formats: readonly DetectableFormat[],
  { object, guard, judge, ...request }: FindObjectRequest & { readonly object: ListedObject },
): Promise<Finding> {
  const { key, versionId } = object
  const options = {
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(versionId === undefined ? {} : { versionId }),
  }
  try {
    const partitions = partitionsOf(object, request.predicate)
    // Before anything can refuse the object, so that the run knows of everything that is said whether it is heard.
    const { verdict, sidecar } = judge === undefined ? silence : await judge.judge(object, partitions)
    if (verdict.kind === 'whole') requireOneName(object)
    await guard(object)
    if (judge !== undefined && (verdict.kind === 'whole' || verdict.kind === 'other')) {
      const keys = verdict.kind === 'other' ? [] : [key, ...(sidecar === undefined ? [] : [sidecar.key])]
      const warnings: Warning[] = []
      for (const each of keys) {
        warnings.push(...(await requireUnlessForeign(store, each, { before: 'rewrite', ...options })))
      }
      const { predicate } = request
      const finding = namedFinding(object, { verdict, sidecar, predicate, store, judge, partitions })
      return { ...finding, warnings: [...finding.warnings, ...warnings] }
    }
    await requireUnlessForeign(store, key, { before: 'search', ...options })
    const search: Search = { ...request, partitions: withToldColumns(verdict, partitions) }
    await using opened = await store.open(key, options)
    const searched = await searchVersion(opened, { object, formats, search })
    if (searched.found.rows.size === 0) return searched
    const warnings = await requireUnlessForeign(store, key, { before: 'rewrite', ...options })
    return { ...searched, found: { ...searched.found, warnings: [...searched.found.warnings, ...warnings] } }
  } catch (error) {
    return { kind: 'unsearched', object, error: asLetheError(error, request.signal) }
  }
}

const silence: Judgement = { verdict: { kind: 'unnamed' }, isByNameAlone: false }

/** What is said of the object goes before a folder of the same name. */
function withToldColumns(verdict: ObjectVerdict, partitions: readonly PartitionColumn[]): readonly PartitionColumn[] {
  if (verdict.kind !== 'rows') return partitions
  const told = new Set(verdict.toldColumns.map(({ name }) => name))
  return [...verdict.toldColumns, ...partitions.filter(({ name }) => !told.has(name))]
}

/** What there is to say of an object whose name, tags or sidecar have told enough. */
function namedFinding(
  object: ListedObject,
  {
    verdict,
    sidecar,
    predicate,
    store,
    judge,
    partitions,
  }: {
    readonly verdict: Extract<ObjectVerdict, { kind: 'whole' | 'other' }>
    readonly sidecar: Sidecar | undefined
    readonly predicate: Predicate
    readonly store: Pick<ObjectStore, 'capabilities' | 'open'>
    readonly judge: ObjectJudge
    readonly partitions: readonly PartitionColumn[]
  },
): Named {
  const { kind, columns } = verdict
  const positions = kind === 'whole' ? verdict.positions : []
  const owner = judge.ownerOf(object.key)
  return {
    kind: 'named',
    object,
    isWhole: kind === 'whole',
    positions,
    columns,
    warnings: warningsOfFolders(object, { positions, predicate, capabilities: store.capabilities }),
    ...(sidecar === undefined ? {} : { sidecar }),
    ...(owner === undefined ? {} : { owner }),
    async confirm() {
      const again = await judge.judge(object, partitions)
      const isAlone = owner === undefined || object.versionId !== undefined || !(await isThere(store, owner))
      const { verdict: said, isByNameAlone, sidecar: beside } = again
      if (said.kind === 'whole' && isAlone) return { isByNameAlone, sidecar: beside }
      throw new LetheError('object-changed', 'what says whose the object is has changed', { retryable: true })
    },
  }
}

/** A file of another owner may be searched, and an erase that cannot keep the owner says so when it comes to that. */
async function requireUnlessForeign(
  store: Pick<ObjectStore, 'preflight'>,
  key: string,
  options: PreflightOptions,
): Promise<readonly Warning[]> {
  try {
    return await store.preflight(key, options)
  } catch (error) {
    if (!(error instanceof LetheError && error.code === 'not-owner')) throw error
    return []
  }
}
