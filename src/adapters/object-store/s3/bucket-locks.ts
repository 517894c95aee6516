import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand, type S3Client } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import { asS3Error, isS3Error, statusOf } from './s3-error.ts'

/** Members of every request, as `S3Clients` has them. */
interface Common {
  readonly RequestPayer?: 'requester'
}

/** Remembers for a run what each bucket locks, so that it is asked once and not for each object. */
export class BucketLocks {
  readonly #reads: S3Client
  readonly #common: Common
  readonly #mayLock = new Map<string, Promise<boolean>>()
  readonly #asksForFactor = new Map<string, Promise<boolean>>()

  constructor({ reads, common }: { readonly reads: S3Client; readonly common: Common }) {
    this.#reads = reads
    this.#common = common
  }

  /**
   * Whether versions in a bucket may have a retention or a legal hold.
   *
   * @throws LetheError `permission-denied`: a lock that cannot be seen would be lost, and would keep an old version
   */
  mayLock(bucket: string): Promise<boolean> {
    return once(this.#mayLock, bucket, () => this.#askForLock(bucket))
  }

  /** Whether versions in a bucket are deleted only with a second factor (MFA delete), which a program has not. */
  asksForFactor(bucket: string): Promise<boolean> {
    return once(this.#asksForFactor, bucket, () => this.#askForFactor(bucket))
  }

  async #askForLock(bucket: string): Promise<boolean> {
    try {
      const command = new GetObjectLockConfigurationCommand({ Bucket: bucket, ...this.#common })
      const { ObjectLockConfiguration } = await this.#reads.send(command)
      return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
    } catch (error) {
      if (isS3Error(error, 'ObjectLockConfigurationNotFoundError', 'NotImplemented')) return false
      if (statusOf(error) === 404 || statusOf(error) === 501) return false
      const known = asS3Error(error)
      if (known.code !== 'permission-denied') throw known
      const message = 'whether the object is locked cannot be told: s3:GetBucketObjectLockConfiguration is needed'
      throw new LetheError('permission-denied', message, { cause: error })
    }
  }

  async #askForFactor(bucket: string): Promise<boolean> {
    try {
      const command = new GetBucketVersioningCommand({ Bucket: bucket, ...this.#common })
      return (await this.#reads.send(command)).MFADelete === 'Enabled'
    } catch (error) {
      const known = asS3Error(error)
      // Then a delete that is refused says so, after the write.
      if (known.code === 'permission-denied' || statusOf(error) === 501) return false
      throw known
    }
  }
}

/** An answer that did not come is asked for again. */
function once(known: Map<string, Promise<boolean>>, bucket: string, ask: () => Promise<boolean>): Promise<boolean> {
  let answer = known.get(bucket)
  if (answer === undefined) {
    answer = ask()
    known.set(bucket, answer)
    answer.catch(() => known.delete(bucket))
  }
  return answer
}
