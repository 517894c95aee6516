import { createHmac, randomBytes } from 'node:crypto'
import type { Match } from '../../domain/match.ts'
import { printMatchContent, readMatchContent, toMatch } from '../../domain/match-content.ts'
import type { KeyRing } from '../../ports/key-ring.ts'
import type { HeldMatch, QueueStore } from '../../ports/queue-store.ts'
import { rememberKeys } from './data-keys.ts'
import { sealedContext } from './sealed-context.ts'

/** A match of a job's snapshot with its value: a secret, that stays in memory. */
export interface UnsealedMatch extends Pick<HeldMatch, 'id' | 'position' | 'mappers' | 'reference'> {
  readonly match: Match
}

interface Sources {
  readonly queue: Pick<QueueStore, 'heldBy'>
  readonly keyRing: Pick<KeyRing, 'open'>
}

/**
 * The matches that a job holds, in order of position, with their values; one by one.
 *
 * @throws LetheError `key-unavailable` where one cannot be opened: a job that cannot look for everybody looks for nobody
 */
export async function* unsealMatches({ queue, keyRing }: Sources, jobId: string): AsyncGenerator<UnsealedMatch> {
  const keyOf = rememberKeys(keyRing)
  for await (const held of queue.heldBy(jobId)) {
    const { id, position, mappers, reference, keyId, sealed } = held
    const key = await keyOf(keyId)
    const content = readMatchContent(key.unseal(sealed, sealedContext(held)))
    yield {
      id,
      position,
      match: toMatch(content, position),
      ...(mappers === undefined ? {} : { mappers }),
      ...(reference === undefined ? {} : { reference }),
    }
  }
}

export interface Duplicate {
  readonly position: number
  /** Position of the first match that says the same, for the same mappers. */
  readonly sameAs: number
}

/**
 * The matches of a job that say what an earlier one says, for the same mappers. They are told apart by digests under a key
 * that is made for this call and kept nowhere; about a hundred bytes of memory for each match.
 */
export async function* findDuplicates(matches: AsyncIterable<UnsealedMatch>): AsyncGenerator<Duplicate> {
  const secret = randomBytes(32)
  const first = new Map<string, number>()
  for await (const { position, match, mappers } of matches) {
    const scope = mappers === undefined ? '*' : [...mappers].sort().join('/')
    const digest = createHmac('sha256', secret)
      .update(`${scope}\0${textOf(match)}`)
      .digest('base64')
    const known = first.get(digest)
    if (known === undefined) first.set(digest, position)
    else yield { position, sameAs: known }
  }
}

function textOf(match: Match): string {
  return printMatchContent(
    match.kind === 'simple' ? { kind: 'simple', value: match.value } : { kind: 'columns', values: match.values },
  )
}
