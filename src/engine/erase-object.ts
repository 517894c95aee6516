import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import type { Edit, EraseSummary } from '../formats/edit.ts'
import type { Found } from '../formats/format.ts'
import { makeSpool, type SpoolOptions } from '../formats/spool.ts'
import type { ObjectStore, OpenObject } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { type CountingSource, countingSource } from './counting-source.ts'
import type { Searched } from './find-object.ts'
import { purgeVersions } from './purge-versions.ts'
import { reportErased, reportUnsearched } from './report-object.ts'

/** How often an object that changes under our hands is searched again before it counts as contended. */
const maxAttempts = 3

export interface EraseObjectRequest {
  /** What becomes of an object that loses all its rows: it stays as a valid empty one, or goes. */
  readonly empty: 'keep' | 'remove'
  /** What becomes of versions that are not current, in a store that keeps them. Default: delete. */
  readonly oldVersions?: 'delete' | 'keep'
  /** Makes and verifies the edit, and does not carry it out. */
  readonly dryRun: boolean
  readonly spool?: SpoolOptions
  readonly signal?: AbortSignal
}

type StoreOfObject = Pick<
  ObjectStore,
  'capabilities' | 'open' | 'preflight' | 'write' | 'remove' | 'oldVersions' | 'deleteVersion'
>

/**
 * Erases the rows of one object; never rejects, but for an interrupt.
 *
 * The order is law: make the edit, verify the edited view, write under the condition that the object is still the
 * version which was searched, look at what was written, delete the old versions. An object that changed meanwhile is searched again in its new
 * version, since what was found says nothing about it. Whatever dies, the object is the old or the new one.
 */
export async function eraseObject(
  store: StoreOfObject,
  finding: Searched,
  { oldVersions = 'delete', ...request }: EraseObjectRequest,
): Promise<ObjectReport> {
  const options = request.signal === undefined ? {} : { signal: request.signal }
  try {
    const report = await eraseUnchanged(store, finding, request, 1)
    if (request.dryRun || !store.capabilities.versions) return report
    return await purgeVersions(store, finding.object.key, { report, oldVersions, ...options })
  } catch (error) {
    const known = asLetheError(error, request.signal)
    if (known.code === 'interrupted') throw known
    return reportUnsearched({ kind: 'unsearched', object: finding.object, error: known })
  }
}

async function eraseUnchanged(
  store: StoreOfObject,
  finding: Searched,
  request: EraseObjectRequest,
  attempt: number,
): Promise<ObjectReport> {
  try {
    return await eraseVersion(store, finding, request)
  } catch (error) {
    if (!(error instanceof LetheError && error.code === 'object-changed')) throw error
    if (attempt < maxAttempts) return await eraseUnchanged(store, finding, request, attempt + 1)
    throw new LetheError('contended', `changed ${maxAttempts} times while it was worked on; run again when it rests`, {
      retryable: true,
      cause: error,
    })
  }
}

async function eraseVersion(
  store: StoreOfObject,
  finding: Searched,
  request: EraseObjectRequest,
): Promise<ObjectReport> {
  const options = request.signal === undefined ? {} : { signal: request.signal }
  const { object, format, search } = finding
  request.signal?.throwIfAborted()
  await store.preflight(object.key, { before: 'rewrite', ...options })
  await using opened = await store.open(object.key, options)
  const source = countingSource(opened)
  const found = await findInVersion(finding, opened, source)
  if (found.rows.size === 0)
    return reportErased(finding, { status: 'unchanged', found, summary: keepAll(found, source), source })

  await using spool = makeSpool(request.spool)
  const edit = await format.erase(source, { search, found, spool })
  requireAgreement(found, edit, source)
  await format.verify(source, { search, found, edit })
  if (request.dryRun) return reportErased(finding, { status: 'matched', found, summary: edit.summary, source })

  request.signal?.throwIfAborted()
  if (edit.summary.rowsErased === edit.summary.rowsBefore && request.empty === 'remove') {
    await store.remove(object.key, { unchanged: opened.version }, options)
    const summary = { ...edit.summary, keptBytes: 0, insertedBytes: 0 }
    return reportErased(finding, { status: 'erased', found, summary, source })
  }
  const written = await store.write(object.key, { source, edit, condition: { unchanged: opened.version } }, options)
  await requireWritten(store, object.key, { written: written.token, size: edit.size })
  return reportErased(finding, { status: 'erased', found, summary: edit.summary, source })
}

/** What was found holds for exactly one version; in any other it is found again. */
async function findInVersion(finding: Searched, opened: OpenObject, source: CountingSource): Promise<Found> {
  const { version, format, search, found } = finding
  const isSame = version.token === opened.version.token && version.versionId === opened.version.versionId
  return isSame ? found : await format.find(source, search)
}

/** The edit's own counts against what was found, whatever the format says of itself. */
function requireAgreement(found: Found, edit: Edit, source: { readonly size: number }): void {
  const { rowsBefore, rowsErased, keptBytes, insertedBytes } = edit.summary
  const agrees =
    rowsBefore === found.rowsSeen &&
    rowsErased === found.rows.size &&
    keptBytes + insertedBytes === edit.size &&
    keptBytes <= source.size &&
    insertedBytes <= edit.spool.size
  if (!agrees) throw new LetheError('not-verified', 'the edit and what was found disagree; nothing was changed')
}

async function requireWritten(
  store: Pick<ObjectStore, 'open'>,
  key: string,
  { written, size }: { written: string; size: number },
): Promise<void> {
  await using opened = await store.open(key)
  // Another writer may have come right after ours: then what we wrote is history, and the run says so.
  if (opened.version.token !== written) {
    throw new LetheError('object-changed', 'another writer replaced what was written; it is searched again')
  }
  if (opened.size !== size)
    throw new LetheError('io', 'the object that was written has not the size that it should have')
}

function keepAll(found: Found, { size }: { size: number }): EraseSummary {
  return { rowsBefore: found.rowsSeen, rowsErased: 0, keptBytes: size, insertedBytes: 0 }
}
