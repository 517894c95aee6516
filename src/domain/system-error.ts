import { type ErrorCode, LetheError } from './error.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'permission-denied',
  ENOENT: 'object-missing',
  ENOTDIR: 'object-missing',
  ELOOP: 'object-missing',
  ENAMETOOLONG: 'object-missing',
}

/** What passes by itself: too many open files, an interrupted or busy call, a server that forgot a handle. */
const passing = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EINTR', 'EBUSY', 'ESTALE', 'ETIMEDOUT', 'EIO'])

/** The operating system's code of an error (`ENOSPC`); undefined where the error is none of the system's. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  const code = String(error.code)
  return /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** An error of the operating system in our terms, without its text, which holds a path. */
export function fromSystemError(error: unknown, systemCode: string): LetheError {
  return new LetheError(codes[systemCode] ?? 'io', `the system answered ${systemCode}`, {
    cause: error,
    retryable: passing.has(systemCode),
  })
}
