import { LetheError } from '../domain/error.ts'
import { fromSystemError, systemCodeOf } from '../domain/system-error.ts'

/**
 * Any error as a `LetheError`. The text of a foreign error is not passed on: those of parsers hold the content that
 * they stumbled over. The error itself stays as the cause.
 */
export function asLetheError(error: unknown, signal?: AbortSignal): LetheError {
  if (error instanceof LetheError) return error
  if (signal?.aborted === true) return new LetheError('interrupted', 'the run was interrupted', { cause: error })
  const systemCode = systemCodeOf(error)
  if (systemCode !== undefined) return fromSystemError(error, systemCode)
  return new LetheError('internal', 'an unexpected error; please report it', { cause: error })
}
