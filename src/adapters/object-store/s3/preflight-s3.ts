import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { Warning } from '../../../domain/warning.ts'
import type { VersionOptions } from '../../../ports/object-store.ts'
import { lockOf, readProperties } from './object-properties.ts'
import { headObject } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import type { S3Name } from './s3-name.ts'
import { findUnfinishedUploads } from './unfinished-uploads.ts'

/**
 * Rejects where the object could not be rewritten whole, or its old version would stay against its will: found before
 * any write, with the date from which it would work where there is one. Yields what should be known of it beside.
 *
 * @throws LetheError `locked`, `unsupported`, `archived`, `permission-denied`, `limit-exceeded`
 */
export async function preflightS3Object(
  clients: S3Clients,
  name: S3Name,
  options: VersionOptions = {},
): Promise<readonly Warning[]> {
  const head = await headObject(clients, name, options)
  await requireUnlocked(clients, name, { head, ...options })
  if (await clients.locks.asksForFactor(name.bucket)) {
    throw new LetheError('locked', 'is in a bucket with MFA delete: its old version could not be deleted')
  }
  // An old version is deleted, not rewritten.
  if (options.versionId !== undefined) return []
  if (head.ReplicationStatus === 'REPLICA') {
    throw new LetheError('unsupported', 'is a replica; its rows are erased where it is replicated from')
  }
  if (head.Restore !== undefined && head.StorageClass !== undefined) {
    const message = `is restored from the archive class ${head.StorageClass}, where its new version could not be looked at`
    throw new LetheError('archived', `${message}; copy it to another class first`)
  }
  await readProperties(clients, { name, head, taskId: '00000000-0000-0000-0000-000000000000' }, options)
  const { foreign } = await findUnfinishedUploads(clients, name, options)
  return foreign.length === 0 ? [] : [{ code: 'unfinished-uploads', count: foreign.length }]
}

async function requireUnlocked(
  clients: S3Clients,
  name: S3Name,
  { head, ...options }: VersionOptions & { readonly head: HeadObjectCommandOutput },
): Promise<void> {
  const lock = await lockOf(clients, name, head, options)
  if (lock.ObjectLockLegalHoldStatus === 'ON') {
    throw new LetheError('locked', 'is under a legal hold: its old version could not be deleted')
  }
  const until = lock.ObjectLockRetainUntilDate
  if (until === undefined) return
  const day = until.toISOString().slice(0, 10)
  throw new LetheError('locked', `is locked until ${day}: its old version could not be deleted before`, {
    detail: { until: until.toISOString() },
  })
}
