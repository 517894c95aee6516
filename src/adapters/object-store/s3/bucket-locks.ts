import { GetObjectLockConfigurationCommand, type S3Client } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import { asS3Error, isS3Error, statusOf } from './s3-error.ts'

/** Members of every request, as `S3Clients` has them. */
interface Common {
  readonly RequestPayer?: 'requester'
}

/** Remembers for each bucket whether its objects may be locked: that is asked once and cannot be switched off. */
export class BucketLocks {
  readonly #reads: S3Client
  readonly #common: Common
  readonly #known = new Map<string, boolean>()

  constructor({ reads, common }: { readonly reads: S3Client; readonly common: Common }) {
    this.#reads = reads
    this.#common = common
  }

  /** @throws LetheError `permission-denied`: a lock that cannot be seen would be lost, and would keep an old version */
  async mayLock(bucket: string, options: CallOptions = {}): Promise<boolean> {
    const known = this.#known.get(bucket)
    if (known !== undefined) return known
    const mayLock = await this.#ask(bucket, options)
    // One that is switched on while the run lasts is seen with the next object.
    if (mayLock) this.#known.set(bucket, mayLock)
    return mayLock
  }

  async #ask(bucket: string, { signal }: CallOptions): Promise<boolean> {
    try {
      const command = new GetObjectLockConfigurationCommand({ Bucket: bucket, ...this.#common })
      const { ObjectLockConfiguration } = await this.#reads.send(command, abortable(signal))
      return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
    } catch (error) {
      if (isS3Error(error, 'ObjectLockConfigurationNotFoundError', 'NotImplemented')) return false
      if (statusOf(error) === 404 || statusOf(error) === 501) return false
      const known = asS3Error(error, signal)
      if (known.code !== 'permission-denied') throw known
      const message = 'whether the object is locked cannot be told: s3:GetBucketObjectLockConfiguration is needed'
      throw new LetheError('permission-denied', message, { cause: error })
    }
  }
}
