import { LetheError } from '../../../domain/error.ts'
import { fromSystemError, systemCodeOf } from '../../../domain/system-error.ts'

/** An error of a call to the file system as the port promises it. What is none of the system's is a defect. */
export function asFileError(error: unknown): LetheError {
  if (error instanceof LetheError) return error
  const systemCode = systemCodeOf(error)
  if (systemCode !== undefined) return fromSystemError(error, systemCode)
  return new LetheError('internal', 'an unexpected error of the file store; please report it', { cause: error })
}

export function isMissing(error: unknown): boolean {
  return asFileError(error).code === 'object-missing'
}

export function requireUninterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new LetheError('interrupted', 'the run was interrupted')
}
