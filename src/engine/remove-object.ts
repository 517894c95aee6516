import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import { asLetheError } from './as-lethe-error.ts'
import { commitOptions, type EraseLake, type EraseObjectRequest } from './erase-object.ts'
import type { Named } from './named-object.ts'
import { purgeVersions } from './purge-versions.ts'
import { reportFinding, reportUnsearched } from './report-object.ts'

/** How often an object that changes under our hands is tried before it counts as contended. */
const maxAttempts = 3

/**
 * Removes an object that is a person's by its name, as a whole, and its old versions; never rejects, but for an
 * interrupt before that. What another writer has put there meanwhile is that person's too, by the same name: it goes as well.
 *
 * A crash leaves the object, or old versions of it, which the next run finds by their name.
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
    await removeUntilUnchanged(store, key, { signal, onStep })
    const report = { ...reportFinding(finding), status: 'erased' as const }
    await onStep?.({ kind: 'verified', report })
    if (!store.capabilities.versions) return report
    return await purgeVersions(store, key, { report, done: { removed: 'any' }, oldVersions, ...options })
  } catch (error) {
    const known = asLetheError(error, signal)
    if (known.code === 'interrupted') throw known
    return reportUnsearched({ kind: 'unsearched', object: finding.object, error: known })
  }
}

async function removeUntilUnchanged(
  store: EraseLake['store'],
  key: string,
  { signal, onStep }: { readonly signal: AbortSignal | undefined; readonly onStep: EraseObjectRequest['onStep'] },
): Promise<void> {
  const options = commitOptions({ signal, onStep })
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      signal?.throwIfAborted()
      await store.preflight(key, { before: 'rewrite', ...options })
      await using opened = await store.open(key, options)
      await onStep?.({ kind: 'pinned', version: opened.version, rowsErased: 0 })
      await store.remove(key, { unchanged: opened.version }, options)
      await onStep?.({ kind: 'written' })
      return
    } catch (error) {
      if (!(error instanceof LetheError && error.code === 'object-changed')) throw error
    }
  }
  throw new LetheError('contended', `changed ${maxAttempts} times while it was removed; run again when it rests`, {
    retryable: true,
  })
}
