import { LetheError } from '../../domain/error.ts'

/** The refusal of a file whose bytes contradict themselves or the format; `what` never quotes content. */
export function malformed(what: string, detail: Readonly<Record<string, unknown>> = {}): LetheError {
  return new LetheError('malformed', `damaged Avro: ${what}`, { detail })
}

/** The refusal of a file that may be sound but uses what Lethe does not read or write. */
export function unsupported(what: string, detail: Readonly<Record<string, unknown>> = {}): LetheError {
  return new LetheError('unsupported', `Avro with ${what} is not supported`, { detail })
}

/** The refusal of a block that would not fit into the memory that one may take. */
export function tooLarge(maxBytes: number): LetheError {
  return new LetheError('limit-exceeded', `an Avro block of more than ${Math.floor(maxBytes / 1024 ** 2)} MiB`)
}
