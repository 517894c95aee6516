import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { VersionOptions } from '../../../ports/object-store.ts'
import { readProperties } from './object-properties.ts'
import { headObject } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import type { S3Name } from './s3-name.ts'

/**
 * Rejects where the object could not be rewritten whole, or its old version would stay against its will: found before
 * any write, with the date from which it would work where there is one.
 *
 * @throws LetheError `locked`, `unsupported`, `permission-denied`, `limit-exceeded`
 */
export async function preflightS3Object(clients: S3Clients, name: S3Name, options: VersionOptions = {}): Promise<void> {
  const head = await headObject(clients, name, options)
  requireUnlocked(head, new Date())
  // An old version is deleted, not rewritten.
  if (options.versionId !== undefined) return
  if (head.ReplicationStatus === 'REPLICA') {
    throw new LetheError('unsupported', 'is a replica; its rows are erased where it is replicated from')
  }
  await readProperties(clients, { name, head, taskId: '00000000-0000-0000-0000-000000000000' }, options)
}

function requireUnlocked(head: HeadObjectCommandOutput, now: Date): void {
  if (head.ObjectLockLegalHoldStatus === 'ON') {
    throw new LetheError('locked', 'is under a legal hold: its old version could not be deleted')
  }
  const until = head.ObjectLockRetainUntilDate
  if (until === undefined || until <= now) return
  const day = until.toISOString().slice(0, 10)
  throw new LetheError('locked', `is locked until ${day}: its old version could not be deleted before`, {
    detail: { until: until.toISOString() },
  })
}
