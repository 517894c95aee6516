import type { S3Client } from '@aws-sdk/client-s3'
import type { Transfers } from '../../../ports/object-store.ts'

/** Counts what clients ask for, each attempt as a request: what a provider bills. */
export class TransferCounter {
  readonly #requests: Record<string, number> = {}
  #downloaded = 0
  #uploaded = 0
  #copied = 0

  get transfers(): Transfers {
    return {
      requests: { ...this.#requests },
      downloaded: this.#downloaded,
      uploaded: this.#uploaded,
      copied: this.#copied,
    }
  }

  watch(client: S3Client): void {
    client.middlewareStack.add(
      (next, { commandName = 'unknown' }) =>
        async (args) => {
          this.#requests[commandName] = (this.#requests[commandName] ?? 0) + 1
          const { Body, CopySourceRange } = args.input as { Body?: unknown; CopySourceRange?: string }
          if (Body instanceof Uint8Array) this.#uploaded += Body.length
          const answer = await next(args)
          if (CopySourceRange !== undefined) this.#copied += lengthOfRange(CopySourceRange)
          if (commandName === 'GetObjectCommand') {
            this.#downloaded += (answer.output as { ContentLength?: number }).ContentLength ?? 0
          }
          return answer
        },
      // Inside the retries, so that each attempt counts.
      { step: 'finalizeRequest', priority: 'low', name: 'countTransfers' },
    )
  }
}

function lengthOfRange(range: string): number {
  const [first, last] = range.replace('bytes=', '').split('-').map(Number) as [number, number]
  return last - first + 1
}
