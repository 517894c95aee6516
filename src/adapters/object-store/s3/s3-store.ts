import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts'
import { listS3Children, listS3Objects, listS3OldVersions } from './list-s3-objects.ts'
import { readTags } from './object-tags.ts'
import { openS3Object } from './open-s3-object.ts'
import { preflightS3Object } from './preflight-s3.ts'
import { probeCapabilities } from './probe-capabilities.ts'
import { removeS3Object } from './remove-s3-object.ts'
import { makeS3Clients, type S3Access, type S3Settings } from './s3-access.ts'
import { asS3Error } from './s3-error.ts'
import { parseS3Key } from './s3-name.ts'
import { findSideEffects } from './side-effects.ts'
import { deleteOldVersion, mayHaveVersions, versionsOf } from './versions.ts'
import { writeS3Object } from './write-s3-object.ts'

/**
 * Objects of Amazon S3, or of a server that speaks it. A key is `bucket/key`, a target `s3://bucket/...`.
 *
 * A write is one conditional request at the end (`If-Match`); on servers that ignore the condition there is a window,
 * closed afterwards where the bucket keeps versions: see `writeS3Object`.
 */
export function makeS3Store(access: S3Access = {}, settings: S3Settings = {}): ObjectStore {
  const clients = makeS3Clients(access, settings)
  return {
    capabilities: { conditionalWrite: true, versions: true, folders: false },
    list: (target, options) => listS3Objects(clients, target, options),
    listOldVersions: (target, options) => listS3OldVersions(clients, target, options),
    children: (folder, options) => listS3Children(clients, parseS3Key(folder), options),
    open: (key, options) => attempt(() => openS3Object(clients, parseS3Key(key), options), options),
    async preflight(key, options) {
      // What a rewrite would lose costs three requests an object: not for a search, which mostly finds nothing.
      if (options.before === 'search') return []
      return await attempt(() => preflightS3Object(clients, parseS3Key(key), options), options)
    },
    write: (key, request, options) => attempt(() => writeS3Object(clients, parseS3Key(key), request, options), options),
    remove: (key, { unchanged }, options) =>
      attempt(() => removeS3Object(clients, parseS3Key(key), unchanged, options), options),
    async *oldVersions(key, options) {
      const name = parseS3Key(key)
      if (!(await attempt(() => mayHaveVersions(clients, name.bucket, options), options))) return
      for await (const { versionId, isMarker, isCurrent } of versionsOf(clients, name, options)) {
        if (isMarker || !isCurrent) yield { versionId, isMarker, isCurrent }
      }
    },
    deleteVersion: (key, versionId, options) =>
      attempt(() => deleteOldVersion(clients, parseS3Key(key), versionId, options), options),
    probe: (target) => attempt(() => probeCapabilities(clients, target)),
    tags: (key, options) => attempt(() => readTags(clients, parseS3Key(key), options), options),
    transfers: () => clients.counter.transfers,
    transfersDuring: (work) => clients.counter.during(work),
    sideEffects: (targets, options) => attempt(() => findSideEffects(clients, targets, options), options),
    async sweep() {
      // Leftover uploads are looked for where a key is written: servers differ in what a listing of uploads tells.
      return 0
    },
  }
}

async function attempt<Result>(call: () => Promise<Result>, { signal }: CallOptions = {}): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw asS3Error(error, signal)
  }
}
