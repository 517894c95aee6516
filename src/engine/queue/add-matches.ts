import { randomUUID } from 'node:crypto'
import type { DataMapper } from '../../domain/data-mapper.ts'
import { type CalendarDate, type DeadlineProfile, dueDate, printDeadline } from '../../domain/deadline.ts'
import { LetheError } from '../../domain/error.ts'
import { columnsOfContent, type MatchContent, printMatchContent } from '../../domain/match-content.ts'
import { canBeSearched } from '../../domain/match-coverage.ts'
import type { DataKey, KeyRing } from '../../ports/key-ring.ts'
import type { MapperStore } from '../../ports/mapper-store.ts'
import type { QueueStore, SealedMatch } from '../../ports/queue-store.ts'
import { sealedContext } from './sealed-context.ts'

export interface NewMatch {
  readonly content: MatchContent
  /** Where its columns are named, in words: `line 1 of the matches`. */
  readonly place: string
  /** Of the person's request, at whoever received it; never the person's own id. */
  readonly reference?: string
  readonly receivedOn: CalendarDate
}

export interface AddRequest {
  /** Taken one by one: a batch is never in memory as a whole. */
  readonly matches: AsyncIterable<NewMatch>
  /** Names of the mappers that the matches are for; undefined means all. */
  readonly mappers?: readonly string[]
  readonly deadline: DeadlineProfile
  readonly addedBy: string
}

export interface Added {
  readonly batchId: string
  readonly count: number
}

/**
 * Puts matches into the deletion queue, all or none, sealed under a key of their own batch.
 *
 * The key is durable before a match is stored. A crash leaves at most a key without a batch, which opens nothing.
 *
 * @throws LetheError `invalid-match` for a match that no mapper can be searched for, by its place, or where there is none
 *   at all; `not-found` for an unknown mapper; whatever the source of the matches throws
 */
export async function addMatches(
  {
    mappers,
    queue,
    keyRing,
  }: {
    readonly mappers: Pick<MapperStore, 'list'>
    readonly queue: Pick<QueueStore, 'addBatch'>
    readonly keyRing: Pick<KeyRing, 'create' | 'destroy'>
  },
  request: AddRequest,
): Promise<Added> {
  const chosen = chooseMappers(
    (await mappers.list()).map(({ mapper }) => mapper),
    request.mappers,
  )
  const { id: keyId, key } = await keyRing.create()
  const batchId = randomUUID()
  let mayBeStored = false
  try {
    const sealed = sealMatches(request, { batchId, key, mappers: chosen })
    const batch = { id: batchId, keyId, addedBy: request.addedBy }
    const { count } = await queue.addBatch(batch, sealed, { beforeCommit: () => (mayBeStored = true) })
    return { batchId, count }
  } catch (error) {
    // Behind that call nobody knows whether the batch is there, and its key must stay.
    if (!mayBeStored) await keyRing.destroy(keyId)
    throw error
  }
}

/** @throws LetheError `not-found` */
function chooseMappers(all: readonly DataMapper[], names: readonly string[] | undefined): readonly DataMapper[] {
  if (names === undefined) return all
  const chosen = all.filter(({ name }) => names.includes(name))
  if (chosen.length === new Set(names).size) return chosen
  throw new LetheError('not-found', 'a data mapper that the matches are for is not there; see lethe mappers list')
}

async function* sealMatches(
  request: AddRequest,
  {
    batchId,
    key,
    mappers,
  }: { readonly batchId: string; readonly key: DataKey; readonly mappers: readonly DataMapper[] },
): AsyncGenerator<SealedMatch> {
  let ordinal = 0
  for await (const { content, place, reference, receivedOn } of request.matches) {
    requireSearchable(content, place, mappers)
    const text = printMatchContent(content)
    yield {
      ordinal,
      sealed: key.seal(text, sealedContext({ batchId, ordinal })),
      digest: key.digest(text),
      ...(request.mappers === undefined ? {} : { mappers: request.mappers }),
      ...(reference === undefined ? {} : { reference }),
      receivedOn,
      dueOn: dueDate(receivedOn, request.deadline),
      deadline: printDeadline(request.deadline),
    }
    ordinal += 1
  }
  if (ordinal === 0) throw new LetheError('invalid-match', 'no match is given; nothing was added')
}

/** Where a header is missing, the "column" is somebody's id: it is not repeated, and never gets into a list of the queue. */
function requireSearchable(content: MatchContent, place: string, mappers: readonly DataMapper[]): void {
  if (canBeSearched(columnsOfContent(content), mappers)) return
  throw new LetheError(
    'invalid-match',
    `${place} names columns that no data mapper has together; name them in the keys or columns of one. Nothing was added`,
  )
}
