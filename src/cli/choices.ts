import { LetheError } from '../domain/error.ts'

/** Reads an option that takes one of a few words; the error names them, and not what was given. */
export function oneOf<Choice extends string>(option: string, choices: readonly Choice[]): (value: string) => Choice {
  return (value) => {
    const choice = choices.find((known) => known === value)
    if (choice === undefined) throw new LetheError('invalid-argument', `${option} takes ${choices.join(' or ')}`)
    return choice
  }
}

/** The second of two would silently replace the first, and its people would not be found. */
export function onlyOnce(problem: string): (value: string) => string {
  let isGiven = false
  return (value) => {
    if (isGiven) throw new LetheError('invalid-argument', problem)
    isGiven = true
    return value
  }
}

/** An option that may be given several times. */
export function append(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value]
}
