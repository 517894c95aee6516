import type { Command } from 'commander'
import { LetheError } from '../domain/error.ts'
import { parseSidecarPattern } from '../domain/sidecar-pattern.ts'
import type { WholeObjects } from '../engine/whole-objects.ts'
import { onlyOnce } from './choices.ts'
import { readObjectPattern } from './object-pattern-argument.ts'

/** Options that say what tells of objects whose they are. */
export interface WholeObjectFlags {
  readonly objectMatch?: string
  readonly objectTag?: readonly string[]
  readonly sidecar?: string
}

export function addWholeObjectOptions(command: Command): Command {
  return command
    .option(
      '--object-match <PATTERN>',
      "objects whose name says whose they are, as in 'lake/photos/{user_id}.png'; they go as a whole",
      onlyOnce('--object-match is given twice; it takes one pattern'),
    )
    .option('--object-tag <NAME>', 'objects whose tag of this name says so, which is a column; repeat it', append)
    .option(
      '--sidecar <PATTERN>',
      "objects beside which a JSON file says so, as in '{name}.meta.json'; it goes with its object",
      onlyOnce('--sidecar is given twice; it takes one pattern'),
    )
}

/**
 * What is said by name, tag or sidecar; undefined where nothing is.
 *
 * @throws LetheError `invalid-argument`
 */
export function wholeObjectsOf(
  { objectMatch, objectTag, sidecar }: WholeObjectFlags,
  { folder }: { readonly folder: string },
): WholeObjects | undefined {
  if (objectMatch === undefined && objectTag === undefined && sidecar === undefined) return undefined
  return {
    ...(objectMatch === undefined ? {} : { pattern: readObjectPattern(objectMatch, { folder }) }),
    ...(objectTag === undefined ? {} : { tags: objectTag }),
    ...(sidecar === undefined ? {} : { sidecar: parseSidecarPattern(sidecar) }),
  }
}

function append(value: string, values: readonly string[] = []): readonly string[] {
  if (value === '') throw new LetheError('invalid-argument', '--object-tag takes the name of a tag')
  return [...values, value]
}
