import { type ErrorCode, LetheError } from '../domain/error.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'permission-denied',
  ENOENT: 'object-missing',
}

/**
 * Any error as a `LetheError`. The text of a foreign error is not passed on: those of parsers hold the content that
 * they stumbled over. The error itself stays as the cause.
 */
export function asLetheError(error: unknown, signal?: AbortSignal): LetheError {
  if (error instanceof LetheError) return error
  if (signal?.aborted === true) return new LetheError('interrupted', 'the run was interrupted', { cause: error })
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (systemCode !== undefined && /^E[A-Z0-9]+$/.test(systemCode)) {
    return new LetheError(codes[systemCode] ?? 'io', `the system answered ${systemCode}`, { cause: error })
  }
  return new LetheError('internal', 'an unexpected error; please report it', { cause: error })
}
