import { LetheError } from '../domain/error.ts'

/** The second of two would silently replace the first, and what it names would not be found. */
export function onlyOnce(problem: string): (value: string) => string {
  let isGiven = false
  return (value) => {
    if (isGiven) throw new LetheError('invalid-argument', problem)
    isGiven = true
    return value
  }
}
