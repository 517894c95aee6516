import { availableParallelism } from 'node:os'
import { LetheError } from './domain/error.ts'

/** Threads are memory; few stores yield bytes to more. */
const mostThreadsByDefault = 4

/**
 * How many threads may work on one file: LETHE_THREADS, else as many as the machine has cores, up to four.
 *
 * @throws LetheError `invalid-config`
 */
export function threadCount(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment['LETHE_THREADS']
  if (text === undefined || text === '') return Math.min(availableParallelism(), mostThreadsByDefault)
  if (/^[1-9][0-9]{0,2}$/.test(text)) return Number(text)
  throw new LetheError('invalid-config', 'LETHE_THREADS takes a whole number from 1 to 999')
}
