import { AsyncLocalStorage } from 'node:async_hooks'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Transfers } from '../../../domain/transfers.ts'

/** Counts what clients ask for, each attempt as a request: what a provider bills. */
export class TransferCounter {
  readonly #all = new Sums()
  /** Those of the work that a request belongs to, however many of such are under way. */
  readonly #ofWork = new AsyncLocalStorage<Sums>()

  get transfers(): Transfers {
    return this.#all.transfers
  }

  /** What a piece of work asks for by itself. */
  async during<Result>(
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly transfers: Transfers }> {
    const sums = new Sums()
    const result = await this.#ofWork.run(sums, work)
    return { result, transfers: sums.transfers }
  }

  watch(client: S3Client): void {
    client.middlewareStack.add(
      (next, { commandName = 'unknown' }) =>
        async (args) => {
          const ofWork = this.#ofWork.getStore()
          const everySum = ofWork === undefined ? [this.#all] : [this.#all, ofWork]
          const { Body, CopySourceRange } = args.input as { Body?: unknown; CopySourceRange?: string }
          for (const sums of everySum) {
            sums.requests[commandName] = (sums.requests[commandName] ?? 0) + 1
            if (Body instanceof Uint8Array) sums.uploaded += Body.length
          }
          const answer = await next(args)
          for (const sums of everySum) {
            if (CopySourceRange !== undefined) sums.copied += lengthOfRange(CopySourceRange)
            if (commandName === 'GetObjectCommand') {
              sums.downloaded += (answer.output as { ContentLength?: number }).ContentLength ?? 0
            }
          }
          return answer
        },
      // Inside the retries, so that each attempt counts.
      { step: 'finalizeRequest', priority: 'low', name: 'countTransfers' },
    )
  }
}

class Sums {
  readonly requests: Record<string, number> = {}
  downloaded = 0
  uploaded = 0
  copied = 0

  get transfers(): Transfers {
    const { requests, downloaded, uploaded, copied } = this
    return { requests: { ...requests }, downloaded, uploaded, copied }
  }
}

function lengthOfRange(range: string): number {
  const [first, last] = range.replace('bytes=', '').split('-').map(Number) as [number, number]
  return last - first + 1
}
