import type { KeyRing } from '../../ports/key-ring.ts'
import type { QueueStore } from '../../ports/queue-store.ts'

/**
 * Destroys the keys of all batches of which every match is final, and empties what was sealed with them.
 *
 * First the key, then the mark, then the emptying: a crash between them leaves a batch that is told as finished again, and
 * a key that is gone can be destroyed once more. In another order a crash could leave a key that nobody looks for.
 *
 * @returns how many batches
 * @throws LetheError `key-unavailable` where a key is in another ring; the other batches wait for the next call
 */
export async function destroyFinishedKeys({
  queue,
  keyRing,
}: {
  readonly queue: Pick<QueueStore, 'finishedBatches' | 'markKeyDestroyed'>
  readonly keyRing: Pick<KeyRing, 'destroy'>
}): Promise<number> {
  const batches = await queue.finishedBatches()
  for (const { id, keyId } of batches) {
    await keyRing.destroy(keyId)
    await queue.markKeyDestroyed(id)
  }
  return batches.length
}
