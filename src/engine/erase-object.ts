import { LetheError } from '../domain/error.ts'
import type { ObjectReport } from '../domain/report.ts'
import type { Edit, EraseSummary } from '../formats/edit.ts'
import type { DetectableFormat, Found, Search } from '../formats/format.ts'
import { makeSpool, type SpoolOptions } from '../formats/spool.ts'
import type { CommitOptions, ObjectStore, ObjectVersion, OpenObject } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { countingSource } from './counting-source.ts'
import { type Done, purgeVersions } from './purge-versions.ts'
import { reportErased, reportUnsearched } from './report-object.ts'
import { type Searched, searchVersion } from './search-version.ts'

/** How often an object that changes under our hands is worked on before it counts as contended. */
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
  /** Told of each step, and waited for: where it rejects with `interrupted` the object is left at that step. */
  readonly onStep?: (step: EraseStep) => Promise<void>
}

/**
 * The steps of an object, for whoever keeps a record of them that survives a crash.
 *
 * - `pinned`: the edit of exactly this version is made and verified; nothing is written yet.
 * - `committing`: the next call changes the object.
 * - `written`: it did; `version` is the new one, undefined where the object is gone as a whole.
 * - `verified`: what was written is what the store has; old versions go next.
 */
export type EraseStep =
  | { readonly kind: 'pinned'; readonly version: ObjectVersion; readonly rowsErased: number }
  | { readonly kind: 'committing' }
  | { readonly kind: 'written'; readonly version?: ObjectVersion }
  | { readonly kind: 'verified'; readonly report: ObjectReport }

export interface EraseLake {
  readonly store: Pick<
    ObjectStore,
    'capabilities' | 'open' | 'preflight' | 'write' | 'remove' | 'oldVersions' | 'deleteVersion'
  >
  readonly formats: readonly DetectableFormat[]
}

/**
 * Erases the rows of one object; never rejects, but for an interrupt before anything is written.
 *
 * The order is law: make the edit, verify the edited view, write under the condition that the object is still the
 * version which was searched, look at what was written, delete the old versions. An object that changed meanwhile is
 * searched again in its new version, since what was found says nothing about it. Whatever dies, the object is the old
 * or the new one.
 */
export async function eraseObject(
  lake: EraseLake,
  finding: Searched,
  { oldVersions = 'delete', ...request }: EraseObjectRequest,
): Promise<ObjectReport> {
  const options = request.signal === undefined ? {} : { signal: request.signal }
  try {
    const { report, done } = await eraseUntilUnchanged(lake, finding, request)
    if (!request.dryRun) await request.onStep?.({ kind: 'verified', report })
    if (request.dryRun || !lake.store.capabilities.versions) return report
    return await purgeVersions(lake.store, finding.object.key, { report, done, oldVersions, ...options })
  } catch (error) {
    const known = asLetheError(error, request.signal)
    if (known.code === 'interrupted') throw known
    return reportUnsearched({ kind: 'unsearched', object: finding.object, error: known })
  }
}

async function eraseUntilUnchanged(
  lake: EraseLake,
  finding: Searched,
  request: EraseObjectRequest,
): Promise<Pick<Result, 'report' | 'done'>> {
  let replaced: Result | undefined
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const result = await eraseVersion(lake, finding, request)
    if (result === 'changed') continue
    // Nothing to erase in what another writer put over our work: the work is what there is to tell.
    if (!result.isReplaced) return result.report.status === 'unchanged' && replaced !== undefined ? replaced : result
    replaced = result
  }
  throw new LetheError('contended', `changed ${maxAttempts} times while it was worked on; run again when it rests`, {
    retryable: true,
  })
}

/** What became of one version. `isReplaced`: it was written, and then another writer wrote. */
interface Result {
  readonly report: ObjectReport
  readonly done: Done | undefined
  readonly isReplaced: boolean
}

async function eraseVersion(
  lake: EraseLake,
  finding: Searched,
  request: EraseObjectRequest,
): Promise<Result | 'changed'> {
  try {
    const { object } = finding
    const options = request.signal === undefined ? {} : { signal: request.signal }
    await lake.store.preflight(object.key, { before: 'rewrite', ...options })
    await using opened = await lake.store.open(object.key, { ...options, reads: 'repeated' })
    const searched = await searchedIn(opened, { lake, finding, request })
    return await carryOut(lake, { opened, searched }, request)
  } catch (error) {
    if (error instanceof LetheError && error.code === 'object-changed') return 'changed'
    throw error
  }
}

/** What was found holds for exactly one version; any other is searched anew, and may be of another format. */
async function searchedIn(
  opened: OpenObject,
  { lake, finding, request }: { lake: EraseLake; finding: Searched; request: EraseObjectRequest },
): Promise<Searched> {
  const { predicate, partitions, malformed } = finding.search
  const search: Search = {
    predicate,
    partitions,
    malformed,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  }
  const isSame =
    finding.version.token === opened.version.token && finding.version.versionId === opened.version.versionId
  if (isSame) return { ...finding, search }
  return await searchVersion(opened, { object: finding.object, formats: lake.formats, search })
}

async function carryOut(
  { store }: EraseLake,
  { opened, searched }: { readonly opened: OpenObject; readonly searched: Searched },
  { empty, dryRun, spool: spoolOptions, signal, onStep }: EraseObjectRequest,
): Promise<Result> {
  const { object, format, search, found } = searched
  const source = countingSource(opened)
  const untouched = (status: 'matched' | 'unchanged', summary: EraseSummary): Result => {
    return { report: reportErased(searched, { status, found, summary, source }), done: undefined, isReplaced: false }
  }
  if (found.rows.size === 0) return untouched('unchanged', keepAll(found, source))

  await using spool = makeSpool(spoolOptions)
  const edit = await format.erase(source, { search, found, spool })
  requireAgreement(found, edit, source)
  await format.verify(source, { search, found, edit })
  if (dryRun) return untouched('matched', edit.summary)

  await onStep?.({ kind: 'pinned', version: opened.version, rowsErased: edit.summary.rowsErased })
  signal?.throwIfAborted()
  const options = commitOptions({ signal, onStep })
  const condition = { unchanged: opened.version }
  if (empty === 'remove' && edit.summary.rowsErased === edit.summary.rowsBefore) {
    await store.remove(object.key, condition, options)
    await onStep?.({ kind: 'written' })
    const summary = { ...edit.summary, keptBytes: 0, insertedBytes: 0 }
    const report = reportErased(searched, { status: 'erased', found, summary, source })
    return { report, done: { removed: opened.version }, isReplaced: false }
  }
  const written = await store.write(object.key, { source, edit, condition }, options)
  await onStep?.({ kind: 'written', version: written })
  const isReplaced = !(await isThere(store, object.key, { token: written.token, size: edit.size }))
  const report = reportErased(searched, { status: 'erased', found, summary: edit.summary, source })
  return { report, done: { written }, isReplaced }
}

/** For the call that changes the object. */
export function commitOptions({
  signal,
  onStep,
}: {
  readonly signal: AbortSignal | undefined
  readonly onStep: EraseObjectRequest['onStep']
}): CommitOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onStep === undefined ? {} : { beforeCommit: () => onStep({ kind: 'committing' }) }),
  }
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

/** Whether what was written is still what the store has: another writer may have come right after. */
async function isThere(
  store: Pick<ObjectStore, 'open'>,
  key: string,
  { token, size }: { token: string; size: number },
): Promise<boolean> {
  await using opened = await store.open(key)
  if (opened.version.token !== token) return false
  if (opened.size === size) return true
  throw new LetheError('io', 'the object that was written has not the size that it should have')
}

function keepAll(found: Found, { size }: { size: number }): EraseSummary {
  return { rowsBefore: found.rowsSeen, rowsErased: 0, keptBytes: size, insertedBytes: 0 }
}
