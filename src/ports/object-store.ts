import type { Capability } from '../domain/capability.ts'
import type { LetheError } from '../domain/error.ts'
import type { SideEffect } from '../domain/side-effect.ts'
import type { Transfers } from '../domain/transfers.ts'
import type { Warning } from '../domain/warning.ts'
import type { Edit } from '../formats/edit.ts'
import type { RangeSource } from '../formats/range-source.ts'

/** Identifies one version of an object; opaque outside its store, equal only for the same version of the same object. */
export interface ObjectVersion {
  /** A token that changes whenever the object's bytes may have changed (local file: identity, size, times; S3: ETag). */
  readonly token: string
  /** The store's own version id, where it keeps versions. */
  readonly versionId?: string
}

/** One object as a listing sees it. */
export interface ListedObject {
  readonly kind: 'object'
  /** The store's one name for the object, with `/` between folders: two links to one file have the same key. */
  readonly key: string
  /** How the object is named to people, and how it can be named to `lethe` again. */
  readonly uri: string
  readonly size: number
  /** Where a link led to the object: the path that it was reached by, in the form of a key. */
  readonly linkPath?: string
  /** Only of a version that is not the current one: its id in a store that keeps versions. */
  readonly versionId?: string
}

/** A version that is not the current one, or a delete marker. */
export interface OldVersion {
  readonly versionId: string
  readonly isMarker: boolean
  /** Only of a delete marker: the object is deleted, and would be there again without it. */
  readonly isCurrent: boolean
}

/** A name that a listing passes over: it begins with `.` or `_`. A folder of such a name counts once, unentered. */
export interface SkippedName {
  readonly kind: 'skipped'
  readonly key: string
}

/** A folder that could not be listed: what lies in it is unknown, and the run has to say so. */
export interface UnlistedFolder {
  readonly kind: 'unlisted'
  readonly key: string
  readonly uri: string
  readonly error: LetheError
}

/** An object opened at one version; all reads are of that version or reject with `object-changed`. */
export interface OpenObject extends RangeSource, AsyncDisposable {
  readonly version: ObjectVersion
}

/** What must be true of the object for a write to happen. `absent` makes a new object. */
export type WriteCondition = { readonly unchanged: ObjectVersion } | { readonly absent: true }

export interface StoreCapabilities {
  /** The store itself refuses a write whose condition no longer holds; without it there is a small window. */
  readonly conditionalWrite: boolean
  /** The store keeps old versions, which must be deleted by their id. */
  readonly versions: boolean
  /** Folders are things of their own, which stay, and keep their names, when nothing is left in them. */
  readonly folders: boolean
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface CommitOptions extends CallOptions {
  /** Called right before the one call that changes the object. Where it rejects, nothing is changed. */
  readonly beforeCommit?: () => Promise<void>
}

export interface VersionOptions extends CallOptions {
  /** Which version is meant; without it the current one. */
  readonly versionId?: string
}

export interface OpenOptions extends VersionOptions {
  /**
   * `repeated`: the same bytes are read several times, and a store over a network fetches them once. Default: `once`,
   * from one end to the other or a little here and there.
   */
  readonly reads?: 'once' | 'repeated'
}

export interface PreflightOptions extends VersionOptions {
  readonly before: 'search' | 'rewrite'
}

/**
 * Where objects live. The contract, which every adapter proves with the same suite (`test/contract/object-store.ts`):
 *
 * - Every call may be repeated. Errors are `LetheError`s: `object-missing` where there is no such object,
 *   `object-changed` where it is not the pinned version any more, `permission-denied`, `no-space`, `interrupted` when
 *   the signal says so, else `io` (`retryable` where the same call may succeed). No message holds an object's content
 *   or its name.
 * - `list` yields what a target names: one object, every object below a folder, or those that a glob matches and that
 *   are in folders that it matches; nothing where it names nothing. An object that is called exactly so goes before
 *   the glob of that spelling. Names that begin with `.` or `_` are told as skipped, except where the target itself
 *   names them; a folder that may not be listed is told as unlisted. Order is by key. A listing may miss what is
 *   created while it runs; it never yields one object twice.
 * - `listOldVersions` yields, of what a target names, every version that is not the current one; also of objects that
 *   only a delete marker hides, which `list` does not name. It skips as `list` does, and says nothing of it.
 * - `children` yields the names directly in a folder that begin with a prefix, in order: folders end with `/`. No
 *   skipping. A folder that does not exist has no children.
 * - `open` pins the present version, or the one whose id is given; what is no object of bytes (a pipe, a device) is
 *   refused and never opened.
 * - `preflight` yields what should be known of an object before it is rewritten. It rejects, with an error of outcome `refused`, when the object could not be rewritten or its old bytes
 *   would stay (another hard link, a lock, an owner that cannot be kept: `not-owner`). It writes nothing. Before a
 *   search, which mostly finds nothing, a store may leave out what costs requests.
 * - `write` is all or nothing and keeps everything of the object but its bytes (mode, owner, metadata). It rejects with
 *   `object-changed`, and changes nothing, when the condition does not hold. A crash leaves the old or the new object
 *   and at most one leftover that `sweep` removes, an error or an interrupt the old object and no leftover. `source` is
 *   the object that the edit was made from. The version it yields is that of what was written, even where another
 *   writer has replaced it since.
 * - `remove` is conditional as `write` is. Both call `beforeCommit` when all else is ready, and reject with its error.
 * - `oldVersions` yields the versions of exactly this key that are not current, the newest first, and its delete
 *   markers, a current one too. `deleteVersion` deletes one for good; one that is gone is no error, one that may not be
 *   deleted is `locked`, one that has become the current version is `object-changed` and stays.
 * - `probe` finds out, in a place that is made for trying, what the store enforces; it leaves nothing behind.
 * - `sweep` removes leftovers of dead writers directly in a folder and yields how many; a live writer's stays.
 */
export interface ObjectStore {
  readonly capabilities: StoreCapabilities
  list(target: string, options?: CallOptions): AsyncIterable<ListedObject | SkippedName | UnlistedFolder>
  children(folder: string, options: CallOptions & { readonly prefix: string }): AsyncIterable<string>
  listOldVersions(target: string, options?: CallOptions): AsyncIterable<ListedObject | UnlistedFolder>
  open(key: string, options?: OpenOptions): Promise<OpenObject>
  preflight(key: string, options: PreflightOptions): Promise<readonly Warning[]>
  write(key: string, request: WriteRequest, options?: CommitOptions): Promise<ObjectVersion>
  remove(key: string, condition: { readonly unchanged: ObjectVersion }, options?: CommitOptions): Promise<void>
  oldVersions(key: string, options?: CallOptions): AsyncIterable<OldVersion>
  deleteVersion(key: string, versionId: string, options?: CallOptions): Promise<void>
  sweep(folder: string, options?: CallOptions): Promise<number>
  probe(target: string): Promise<readonly Capability[]>
  /** The tags of the present version, or of the one whose id is given; absent where objects have none. */
  tags?(key: string, options?: VersionOptions): Promise<ReadonlyMap<string, string>>
  /** Of a store that is reached over a network. */
  transfers?(): Transfers
  /** Does a piece of work, and counts what it asks for by itself, whatever else is under way. */
  transfersDuring?<Result>(
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly transfers: Transfers }>
  /** What a store that acts by itself does when objects below the targets are written. */
  sideEffects?(targets: readonly string[], options?: CallOptions): Promise<readonly SideEffect[]>
}

export interface WriteRequest {
  readonly source: RangeSource
  readonly edit: Edit
  readonly condition: WriteCondition
}
