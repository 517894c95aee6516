import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import type { ObjectVersion } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { commitOptions, type EraseLake, type EraseObjectRequest } from './erase-object.ts'
import type { Named } from './named-object.ts'
import { type Done, purgeVersions } from './purge-versions.ts'
import { reportFinding, reportUnsearched } from './report-object.ts'
import type { Sidecar } from './sidecar.ts'

/** How often an object that changes under our hands is tried before it counts as contended. */
const maxAttempts = 3

/**
 * Removes an object that is a person's as a whole, its old versions, and then its sidecar; never rejects, but for an
 * interrupt before that. What another writer has put there meanwhile goes as well, if name, tags and sidecar still say
 * the same.
 *
 * The order is law, for the sidecar may be all that tells whose the object is. A crash leaves the object, or old
 * versions of it, or the sidecar alone: each of them the next run finds by what it says itself.
 */
export async function removeObject(
  { store }: Pick<EraseLake, 'store'>,
  finding: Named,
  { dryRun, oldVersions = 'delete', signal, onStep }: EraseObjectRequest,
): Promise<ObjectReport> {
  if (dryRun) return reportFinding(finding)
  const options = signal === undefined ? {} : { signal }
  const { key } = finding.object
  try {
    const { removed, sidecar } = await removeUntilUnchanged(store, finding, { signal, onStep })
    const report = { ...reportFinding(finding), status: 'erased' as const }
    await onStep?.({ kind: 'verified', report })
    const purge = (of: string, before: ObjectReport, done: Done) =>
      store.capabilities.versions ? purgeVersions(store, of, { report: before, done, oldVersions, ...options }) : before
    const purged = await purge(key, report, { removed })
    if (sidecar === undefined || purged.status !== 'erased') return purged
    const both = await removeSidecar(store, sidecar, purged)
    return both.status === 'erased' ? await purge(sidecar.key, both, { removed: sidecar.version }) : both
  } catch (error) {
    const known = asLetheError(error, signal)
    if (known.code === 'interrupted') throw known
    return reportUnsearched({ kind: 'unsearched', object: finding.object, error: known })
  }
}

async function removeUntilUnchanged(
  store: EraseLake['store'],
  finding: Named,
  { signal, onStep }: { readonly signal: AbortSignal | undefined; readonly onStep: EraseObjectRequest['onStep'] },
): Promise<{ readonly removed: ObjectVersion | 'any'; readonly sidecar: Sidecar | undefined }> {
  const { key } = finding.object
  const options = commitOptions({ signal, onStep })
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      signal?.throwIfAborted()
      await store.preflight(key, { before: 'rewrite', ...options })
      await using opened = await store.open(key, options)
      const { isByNameAlone, sidecar } = await finding.confirm()
      await onStep?.({ kind: 'pinned', version: opened.version, rowsErased: 0 })
      await store.remove(key, { unchanged: opened.version }, options)
      await onStep?.({ kind: 'written' })
      // By its name every version is the person's, a newer one too; by tags or a sidecar that is not said.
      return { removed: isByNameAlone ? 'any' : opened.version, sidecar }
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'object-changed')) throw error
    }
  }
  throw new LetheError('contended', `changed ${maxAttempts} times while it was removed; run again when it rests`, {
    retryable: true,
  })
}

/** No interrupt comes between an object and its sidecar. Another sidecar than the one that was read is another's. */
async function removeSidecar(
  store: EraseLake['store'],
  { key, version }: Sidecar,
  report: ObjectReport,
): Promise<ObjectReport> {
  try {
    await store.preflight(key, { before: 'rewrite' })
    await store.remove(key, { unchanged: version })
    return report
  } catch (error) {
    const { code, message } = asLetheError(error)
    if (code === 'object-missing') return report
    return { ...report, status: 'failed', reason: { code, message: `the object is gone, but its sidecar: ${message}` } }
  }
}
