import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import type { CallOptions, ObjectStore, ObjectVersion, OldVersion } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'

export interface PurgeRequest extends CallOptions {
  readonly report: ObjectReport
  readonly oldVersions: 'delete' | 'keep'
  /** What this run has made of the object; undefined where somebody else's version is current, and clean. */
  readonly done: Done | undefined
}

/** What a run has done to an object: written a version, or removed one; `any` where all by its name has to go. */
export type Done = { readonly written: ObjectVersion } | { readonly removed: ObjectVersion | 'any' }

/**
 * Deals with the old versions of an object whose current version is clean, and says so in its report.
 *
 * `delete`: what came before goes by version id, delete markers too; what an earlier run left behind as well. What
 * another writer has put on top since is theirs and stays. `keep`: a warning counts the versions, for the rows are still
 * there.
 *
 * Receipts come before: a crash between leaves old versions, which the next run finds by what they hold. An interrupt is
 * told in the report: the object was written, and what is left is named.
 */
export async function purgeVersions(
  store: Pick<ObjectStore, 'oldVersions' | 'deleteVersion'>,
  key: string,
  { report, oldVersions, done, signal }: PurgeRequest,
): Promise<ObjectReport> {
  let left: readonly OldVersion[] = []
  try {
    left = versionsBefore(await collect(store.oldVersions(key)), done)
    if (oldVersions === 'keep') return reportKept(report, left)
    while (left.length > 0) {
      if (signal?.aborted === true) throw new LetheError('interrupted', 'the run was interrupted')
      await store.deleteVersion(key, left[0]!.versionId)
      left = left.slice(1)
    }
    return report
  } catch (error) {
    const known = asLetheError(error, signal)
    const message = `the current version is clean, but ${leftWords(left)}: ${known.message}`
    return { ...report, status: 'failed', reason: { code: known.code, message } }
  }
}

/** What has to go, in the order in which it goes: markers last, or a version below one would be current for a moment. */
function versionsBefore(all: readonly OldVersion[], done: Done | undefined): OldVersion[] {
  const versions = all.filter(({ isMarker }) => !isMarker)
  const isRemoved = done !== undefined && 'removed' in done
  const own = done === undefined ? 'any' : 'removed' in done ? done.removed : done.written
  // What was written is not in the list as long as it is the current version.
  const at = own === 'any' ? -1 : versions.findIndex(({ versionId }) => versionId === (own.versionId ?? 'null'))
  const before = versions.slice(isRemoved ? Math.max(at, 0) : at + 1)
  const isCoveredSince = isRemoved ? at > 0 : at >= 0
  if (isCoveredSince) return before
  // Of an object that is there a current marker is somebody else's, who has deleted it since.
  return [...before, ...all.filter(({ isMarker, isCurrent }) => isMarker && (isRemoved || !isCurrent))]
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

function reportKept(report: ObjectReport, versions: readonly OldVersion[]): ObjectReport {
  const count = versions.filter(({ isMarker }) => !isMarker).length
  if (count === 0) return report
  return { ...report, warnings: [...report.warnings, { code: 'old-versions-kept', count }] }
}

const maxNamed = 10

function leftWords(left: readonly OldVersion[]): string {
  if (left.length === 0) return 'old ones could not be listed'
  const named = left.slice(0, maxNamed).map(({ versionId }) => versionId)
  const more = left.length > named.length ? ` and ${left.length - named.length} more` : ''
  return `${left.length === 1 ? 'an old one is' : `${left.length} old ones are`} left (${named.join(', ')}${more})`
}

export interface OldVersionRequest extends CallOptions {
  readonly key: string
  readonly versionId: string
  readonly report: ObjectReport
  /** Looks again whether it is the person's, where what says so may change: tags. Rejects where it is not. */
  readonly confirm?: () => Promise<unknown>
}

/** Deletes a version that is not current and holds rows, or is a person's as a whole; its report says `erased`. */
export async function eraseOldVersion(
  store: Pick<ObjectStore, 'preflight' | 'deleteVersion'>,
  { key, versionId, report, confirm, ...options }: OldVersionRequest,
): Promise<ObjectReport> {
  try {
    await store.preflight(key, { before: 'rewrite', versionId, ...options })
    await confirm?.()
    await store.deleteVersion(key, versionId, options)
    const bytes = report.bytes === undefined ? {} : { bytes: { ...report.bytes, kept: 0, inserted: 0 } }
    return { ...report, status: 'erased', ...bytes }
  } catch (error) {
    const known = asLetheError(error, options.signal)
    if (known.code === 'interrupted') throw known
    // Gone since it was found, with its key's other old versions.
    if (known.code === 'object-missing') return { ...report, status: 'erased' }
    const status = known.outcome === 'refused' ? 'refused' : 'failed'
    return { ...report, status, reason: { code: known.code, message: known.message } }
  }
}

/**
 * An old version that could not be searched is told to be as it was, unless it has gone with the other old versions of
 * its object.
 */
export async function reportUnlessGone(
  store: Pick<ObjectStore, 'open'>,
  { key, versionId, report, ...options }: CallOptions & { key: string; versionId: string; report: ObjectReport },
): Promise<ObjectReport> {
  try {
    await using _ = await store.open(key, { versionId, ...options })
    return report
  } catch (error) {
    const isGone = error instanceof LetheError && error.code === 'object-missing'
    return isGone ? { ...report, status: 'erased', reason: null } : report
  }
}

/** An old version, or a sidecar, stays while its object's current version still holds rows: the order is law. */
export function reportHeldBack(report: ObjectReport): ObjectReport {
  const error = new LetheError('not-verified', 'stays until the current version of its object is clean; see there')
  return { ...report, status: 'failed', reason: { code: error.code, message: error.message } }
}
