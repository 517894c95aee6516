import { LetheError } from '../../domain/error.ts'

/** The error of a line of matches: says which, from 1, and what is wrong with it, never what stands there. */
export function invalidMatch(line: number, problem: string): LetheError {
  return new LetheError('invalid-match', `line ${line} of the matches ${problem}`, { detail: { line } })
}
