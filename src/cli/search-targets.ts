import { type Lake, openLake } from '../compose.ts'
import { LetheError } from '../domain/error.ts'
import { type FindResult, find } from '../engine/find.ts'
import { sweepLeftovers } from '../engine/sweep-leftovers.ts'
import type { SearchArguments } from './command-line.ts'
import { type Matches, readMatches } from './matches/read-matches.ts'
import { counted } from './printable.ts'
import { startProgress } from './progress.ts'
import { say, warn } from './say.ts'
import { edgeSpaceWords } from './warning-words.ts'
import { wholeObjectsOf } from './whole-object-options.ts'

/** What `find` and `erase` begin with: who is looked for, where, and what was found. */
export interface SearchedTargets {
  readonly lake: Lake
  readonly matches: Matches
  readonly found: FindResult
}

export async function searchTargets(
  { targets, access, csv, matches: given, malformed, wholeObjects: flags, concurrency }: SearchArguments,
  { signal }: { readonly signal: AbortSignal },
): Promise<SearchedTargets> {
  const wholeObjects = wholeObjectsOf(flags, { folder: process.cwd() })
  const lake = await openLake(targets, access, csv)
  const matches = await readMatches(given, { signal })
  for (const sentence of edgeSpaceWords(matches)) warn(sentence)

  const progress = startProgress({ verb: 'searched' })
  const found = await find(lake, {
    targets,
    predicate: matches.predicate,
    malformed,
    ...(wholeObjects === undefined ? {} : { wholeObjects }),
    ...(concurrency === undefined ? {} : { concurrency }),
    signal,
    onEvent: (event) => (event.kind === 'progress' ? progress.addBytes(event.bytes) : progress.addObject()),
  })
    .catch((error: unknown) => {
      throw namingPlace(error, matches)
    })
    .finally(() => progress.end())

  if (!found.interrupted) {
    const removed = await sweepLeftovers(lake.store, found)
    if (removed > 0) say(`removed ${counted(removed, 'temporary file')} of a run that died`)
  }
  return { lake, matches, found }
}

/** A column that no object has, told by the place where it was named: a person knows lines, not positions. */
function namingPlace(error: unknown, { namesPlaceOf }: Matches): unknown {
  if (!(error instanceof LetheError) || error.code !== 'column-not-found') return error
  const { position } = error.detail
  if (typeof position !== 'number') return error
  return new LetheError(
    'column-not-found',
    `${namesPlaceOf(position)} names a column that no object has; check its spelling. Nothing was changed`,
    { detail: error.detail, cause: error },
  )
}
