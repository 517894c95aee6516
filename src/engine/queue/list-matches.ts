import { columnsOfMapper, type DataMapper } from '../../domain/data-mapper.ts'
import { type CalendarDate, daysLeft, isAtRisk } from '../../domain/deadline.ts'
import { columnsOfContent, readMatchContent } from '../../domain/match-content.ts'
import type { KeyRing } from '../../ports/key-ring.ts'
import type { MapperStore } from '../../ports/mapper-store.ts'
import type { QueuedMatch, QueueFilter, QueueStore } from '../../ports/queue-store.ts'
import { rememberKeys } from './data-keys.ts'
import { sealedContext } from './sealed-context.ts'

/** A match as it may be shown. */
export interface MaskedMatch extends Omit<QueuedMatch, 'sealed' | 'keyId' | 'ordinal'> {
  /** Names of its columns, null for one that no mapper has any more: it could be somebody's id. None: the keys of a mapper. */
  readonly columns?: readonly (string | null)[]
  /** Of matches that are not final. */
  readonly daysLeft?: number
  readonly isAtRisk?: boolean
}

/**
 * The queue, in order, with columns but without a value. The columns are left out where the match is final, or its key
 * cannot be had here.
 */
export async function* listMatches(
  {
    queue,
    mappers,
    keyRing,
  }: {
    readonly queue: Pick<QueueStore, 'list'>
    readonly mappers: Pick<MapperStore, 'list'>
    readonly keyRing: Pick<KeyRing, 'open'>
  },
  { today, ...filter }: QueueFilter & { readonly today: CalendarDate },
): AsyncGenerator<MaskedMatch> {
  const known = columnsOf((await mappers.list()).map(({ mapper }) => mapper))
  const keyOf = rememberKeys(keyRing)
  for await (const { sealed, keyId, ordinal, ...match } of queue.list(filter)) {
    const key = sealed === undefined ? undefined : await keyOf(keyId).catch(() => undefined)
    const isFinal = match.state === 'DONE' || match.state === 'REMOVED'
    yield {
      ...match,
      ...(key === undefined || sealed === undefined
        ? {}
        : { columns: maskedColumns(key.unseal(sealed, sealedContext({ ...match, ordinal })), known) }),
      ...(isFinal ? {} : deadlineOf(match, today)),
    }
  }
}

function columnsOf(mappers: readonly DataMapper[]): ReadonlySet<string> {
  return new Set(mappers.flatMap(columnsOfMapper).map((name) => name.toLowerCase()))
}

function maskedColumns(text: string, known: ReadonlySet<string>): (string | null)[] {
  return columnsOfContent(readMatchContent(text)).map((name) => (known.has(name.toLowerCase()) ? name : null))
}

function deadlineOf({ receivedOn, dueOn }: Pick<QueuedMatch, 'receivedOn' | 'dueOn'>, today: CalendarDate) {
  return { daysLeft: daysLeft(dueOn, today), isAtRisk: isAtRisk({ received: receivedOn, due: dueOn, today }) }
}
