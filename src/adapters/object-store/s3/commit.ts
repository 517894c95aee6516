import { setTimeout as delay } from 'node:timers/promises'
import { LetheError } from '../../../domain/error.ts'
import type { CommitOptions } from '../../../ports/object-store.ts'
import { asS3Error, isOutcomeUnknown } from './s3-error.ts'

const maxAttempts = 5
const firstDelayMs = 200

/**
 * Carries out a request that decides, exactly once as far as anyone can see.
 *
 * A commit is conditional, so a second attempt after a first one that was applied without an answer is refused; but to
 * repeat it blindly would take that refusal for somebody else's write; and what lies between here and the server may have
 * repeated the first one. So after every failure the object is read back: `findApplied` yields the result where it is ours, undefined where the object is
 * as it was before, and throws where it is somebody else's. An interrupt does not break off a commit: half an answer
 * tells nothing.
 *
 * @throws LetheError `outcome-unknown` where the store does not say
 */
export async function commit<Result>({
  attempt,
  findApplied,
  beforeCommit,
}: Pick<CommitOptions, 'beforeCommit'> & {
  readonly attempt: () => Promise<Result>
  readonly findApplied: () => Promise<Result | undefined>
}): Promise<Result> {
  for (let attempts = 1; ; attempts += 1) {
    await beforeCommit?.()
    try {
      return await attempt()
    } catch (error) {
      const applied = await findApplied()
      if (applied !== undefined) return applied
      if (!isOutcomeUnknown(error)) throw asS3Error(error)
      if (attempts === maxAttempts) {
        throw new LetheError('outcome-unknown', 'the store did not say whether it carried out the write; run again', {
          cause: error,
          retryable: true,
        })
      }
      // Full jitter (Brooker, "Exponential Backoff And Jitter").
      await delay(Math.random() * firstDelayMs * 2 ** attempts)
    }
  }
}
