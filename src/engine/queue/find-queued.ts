import { type MatchContent, printMatchContent } from '../../domain/match-content.ts'
import type { KeyRing } from '../../ports/key-ring.ts'
import type { QueueStore } from '../../ports/queue-store.ts'

/**
 * Ids of the matches of the queue, queued or held, that say exactly one of these. Each batch has a key of its own, so
 * that the work is batches times contents.
 */
export async function findQueued(
  {
    queue,
    keyRing,
  }: { readonly queue: Pick<QueueStore, 'openBatches' | 'list'>; readonly keyRing: Pick<KeyRing, 'open'> },
  contents: readonly MatchContent[],
): Promise<number[]> {
  const texts = [...new Set(contents.map(printMatchContent))]
  const ids: number[] = []
  for (const { id: batchId, keyId } of await queue.openBatches()) {
    const key = await keyRing.open(keyId)
    const digests = texts.map((text) => key.digest(text))
    for await (const { id } of queue.list({ batchId, digests, states: ['QUEUED', 'HELD'] })) ids.push(id)
  }
  return ids.sort((a, b) => a - b)
}
