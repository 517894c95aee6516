import { LetheError } from '../../../domain/error.ts'

/** The refusal to write a file that is not what it has to be; `what` never quotes content. */
export function notVerified(what: string): LetheError {
  return new LetheError('not-verified', `the new Parquet file was not written: ${what}`)
}

/** @throws LetheError `not-verified` */
export function require(condition: boolean, what: string): asserts condition {
  if (!condition) throw notVerified(what)
}
