import type { Match } from '../../domain/match.ts'
import { readMatchContent, toMatch } from '../../domain/match-content.ts'
import type { KeyRing } from '../../ports/key-ring.ts'
import type { HeldMatch, QueueStore } from '../../ports/queue-store.ts'
import { rememberKeys } from './data-keys.ts'
import { sealedContext } from './sealed-context.ts'

/** A match of a job's snapshot with its value: a secret, that stays in memory. */
export interface UnsealedMatch extends Pick<HeldMatch, 'id' | 'position' | 'mappers' | 'reference'> {
  readonly match: Match
  /** The same for equal matches alone. */
  readonly text: string
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
    const text = key.unseal(sealed, sealedContext(held))
    yield {
      id,
      position,
      match: toMatch(readMatchContent(text), position),
      text,
      ...(mappers === undefined ? {} : { mappers }),
      ...(reference === undefined ? {} : { reference }),
    }
  }
}
