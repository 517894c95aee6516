import { LetheError } from '../../domain/error.ts'
import type { ColumnValue } from '../../domain/match.ts'
import { readFlatObject } from './flat-object.ts'

/**
 * The columns and values of the n-th `--match`, n from 1: `NAME=VALUE`, split at the first `=`, or a JSON object.
 *
 * @throws LetheError `invalid-match`; it does not repeat the argument, which may be somebody's id.
 */
export function parseMatchFlag(argument: string, n: number): readonly ColumnValue[] {
  if (argument.startsWith('{')) {
    const values = readFlatObject(argument)
    if ('problem' in values) throw invalid(n, values.problem)
    return values
  }
  const at = argument.indexOf('=')
  if (at === -1) throw invalid(n, 'is neither NAME=VALUE nor a JSON object')
  if (at === 0) throw invalid(n, 'names no column before its =')
  return [{ column: argument.slice(0, at), value: argument.slice(at + 1) }]
}

function invalid(n: number, problem: string): LetheError {
  return new LetheError('invalid-match', `--match number ${n} ${problem}`, { detail: { n } })
}
