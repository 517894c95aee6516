import { LetheError } from '../../domain/error.ts'

/** The refusal of a file whose bytes contradict themselves or the format; `what` never quotes content. */
export function malformed(what: string, detail: Readonly<Record<string, unknown>> = {}): LetheError {
  return new LetheError('malformed', `damaged Parquet: ${what}`, { detail })
}

/** The refusal of a file that may be sound but uses what Lethe does not read. */
export function unsupported(what: string, detail: Readonly<Record<string, unknown>> = {}): LetheError {
  return new LetheError('unsupported', `Parquet with ${what} is not supported`, { detail })
}
