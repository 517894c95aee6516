import type { MessagePort } from 'node:worker_threads'
import { LetheError } from '../../../domain/error.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import type { Answer, Call, RemoteFile } from './messages.ts'

type CallOf<Kind extends Call['kind']> = Omit<Extract<Call, { kind: Kind }>, 'id'>

/** The calls of a task to the thread that gave it. */
export class RemoteCalls {
  readonly #port: MessagePort
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #next = 0

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
  }

  async call<Kind extends Call['kind']>(
    call: CallOf<Kind>,
    transferred: readonly ArrayBuffer[] = [],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const id = this.#next++
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#port.postMessage({ ...call, id }, [...transferred])
    })
    // Whoever gave the task knows the error itself, and passes it on in place of this one.
    if ('isFailed' in answer) throw new LetheError('internal', 'a thread was not given what it asked for')
    return answer.bytes
  }

  close(): void {
    this.#port.close()
  }
}

/**
 * A file of the thread that gave the task. Memory to read into is given away and comes back as another buffer, whose
 * views alone are valid.
 */
export function remoteSource(calls: RemoteCalls, file: 'source' | 'view', { size }: RemoteFile): RangeSource {
  return {
    size,
    read: (start, end, { into } = {}) => {
      const memory = into !== undefined && isWhole(into) ? into.buffer : undefined
      const transferred = memory === undefined ? [] : [memory]
      return calls.call<'read'>({ kind: 'read', file, start, end, memory }, transferred)
    },
  }
}

function isWhole(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength
}

/** So many bytes are sent at once; new pages are mostly smaller, and a message costs as much as 100 KB. */
const batchBytes = 1024 * 1024

/** Where new bytes of a task go. What it says of where they lie is counted from the first byte of the task. */
export class RemoteSpool implements Spool {
  readonly #calls: RemoteCalls
  #batch = new Uint8Array(batchBytes)
  #inBatch = 0
  #sent = 0
  /** The batch that was sent last; yields its memory. */
  #underWay: Promise<Uint8Array<ArrayBuffer> | undefined> = Promise.resolve(undefined)

  constructor(calls: RemoteCalls) {
    this.#calls = calls
  }

  get size(): number {
    return this.#sent + this.#inBatch
  }

  async append(bytes: Uint8Array): Promise<{ start: number; end: number }> {
    const start = this.size
    if (this.#inBatch + bytes.length > this.#batch.length) await this.#send(bytes.length)
    this.#batch.set(bytes, this.#inBatch)
    this.#inBatch += bytes.length
    return { start, end: start + bytes.length }
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    await this.flush()
    return this.#calls.call<'reread'>({ kind: 'reread', start, end })
  }

  /** Until all bytes are where they belong. */
  async flush(): Promise<void> {
    await this.#send(0)
    await this.#underWay
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underWay
  }

  /** Sends the batch and has room for so many bytes then. One batch at most is under way. */
  async #send(room: number): Promise<void> {
    const memory = await this.#underWay
    this.#underWay = Promise.resolve(undefined)
    if (this.#inBatch > 0) {
      const bytes = this.#batch.subarray(0, this.#inBatch)
      this.#sent += this.#inBatch
      this.#inBatch = 0
      this.#underWay = this.#calls.call<'append'>({ kind: 'append', bytes }, [this.#batch.buffer])
      // Awaited before the next one; until then its failure must not count as unhandled.
      this.#underWay.catch(() => undefined)
    } else if (room <= this.#batch.length) {
      return
    }
    const needed = Math.max(batchBytes, room)
    this.#batch =
      memory !== undefined && memory.buffer.byteLength >= needed
        ? new Uint8Array(memory.buffer)
        : new Uint8Array(needed)
  }
}
