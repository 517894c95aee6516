import { S3ServiceException } from '@aws-sdk/client-s3'
import { type ErrorCode, LetheError } from '../../../domain/error.ts'

/** Amazon S3's names of errors, and those of the SDK itself, by what they mean here. */
const byName: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'object-missing',
  NotFound: 'object-missing',
  NoSuchVersion: 'object-missing',
  // What the version id names is a delete marker.
  MethodNotAllowed: 'object-missing',
  NoSuchBucket: 'object-missing',
  PreconditionFailed: 'object-changed',
  // Another run of ours took this upload for a leftover.
  NoSuchUpload: 'object-changed',
  ConditionalRequestConflict: 'object-changed',
  InvalidObjectState: 'archived',
  AccessDenied: 'permission-denied',
  Forbidden: 'permission-denied',
  InvalidAccessKeyId: 'permission-denied',
  SignatureDoesNotMatch: 'permission-denied',
  ExpiredToken: 'permission-denied',
  InvalidToken: 'permission-denied',
  CredentialsProviderError: 'permission-denied',
  MetadataTooLarge: 'limit-exceeded',
  EntityTooLarge: 'limit-exceeded',
}

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'permission-denied',
  403: 'permission-denied',
  404: 'object-missing',
  412: 'object-changed',
}

/** Any error of a request as a `LetheError`, by its name and status; its text may quote the request and stays behind. */
export function asS3Error(error: unknown, signal?: AbortSignal): LetheError {
  if (error instanceof LetheError) return error
  if (signal?.aborted === true) return new LetheError('interrupted', 'the run was interrupted', { cause: error })
  const name = error instanceof Error ? error.name : 'unknown'
  const status = statusOf(error)
  const code = byName[name] ?? (status === undefined ? undefined : byStatus[status])
  const said = status === undefined ? name : `${name} (HTTP ${status})`
  if (code !== undefined) return new LetheError(code, `the store answered ${said}`, { cause: error })
  return new LetheError('io', `the store answered ${said}`, { cause: error, retryable: isOutcomeUnknown(error) })
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

export function isS3Error(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name)
}

/**
 * Whether the request may have been carried out although it failed: no answer came, an answer of 5xx, or a 200 with an
 * error inside. An answer of 4xx is the server's word that it was not.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const status = statusOf(error)
  return status === undefined || status < 400 || status >= 500
}
