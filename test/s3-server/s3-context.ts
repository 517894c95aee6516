import type { Bucket } from './bucket.ts'

export interface S3Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

/** What real servers that speak S3 are known to leave out: see the capabilities that the store probes. */
export type Weakness =
  | 'put-conditions'
  | 'complete-conditions'
  | 'copy-source-conditions'
  | 'delete-conditions'
  | 'copied-part-checksums'

/** What requests need of the server that they are sent to. */
export interface S3Context {
  makeBucket(name: string, options?: Partial<Pick<Bucket, 'objectLock' | 'versioning'>>): Bucket
  bucket(name: string): Bucket
  readonly minPartBytes: number
  ignores(weakness: Weakness): boolean
}
