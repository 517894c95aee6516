import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import type { Codec, Unit } from './codec.ts'
import { unitStream } from './decompressed.ts'
import type { Units } from './units.ts'

interface Chunk {
  readonly position: number
  readonly bytes: Uint8Array
}

export interface UnitReaderOptions {
  readonly codec: Codec
  readonly units: Units
  readonly isTouched: (unit: Unit) => boolean
  /** Is told of each chunk of a touched unit, once and in order. */
  readonly onTouched: (position: number, bytes: Uint8Array) => Promise<void>
  readonly signal: AbortSignal | undefined
}

/**
 * Reads, forward only, what an object decompresses to. Units that are not touched are decompressed only where bytes of
 * them are asked for; the touched ones all are, whether or not anyone asks.
 */
export class UnitReader {
  readonly #chunks: AsyncGenerator<Chunk>
  #current: Chunk = { position: 0, bytes: new Uint8Array(0) }
  #wanted = 0

  constructor(source: RangeSource, options: UnitReaderOptions) {
    this.#chunks = this.#decompress(source, options)
  }

  /** The bytes `start..end`; `start` is not before the end of an earlier read. */
  async read(start: number, end: number): Promise<Uint8Array> {
    this.#wanted = start
    const result = Buffer.alloc(end - start)
    for (let done = start; done < end; ) {
      const { position, bytes } = this.#current
      if (done >= position && done < position + bytes.length) {
        const part = bytes.subarray(done - position, end - position)
        result.set(part, done - start)
        done += part.length
      } else if (done < position || !(await this.#next())) {
        throw new LetheError('internal', 'a stream was asked for bytes that are past')
      }
    }
    return result
  }

  /** Goes on to the end, over whatever need not be decompressed. */
  async finish(): Promise<void> {
    this.#wanted = Number.POSITIVE_INFINITY
    while (await this.#next()) {}
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined)
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#chunks.next()
    if (done === true) return false
    this.#current = value
    return true
  }

  async *#decompress(
    source: RangeSource,
    { codec, units, isTouched, onTouched, signal }: UnitReaderOptions,
  ): AsyncGenerator<Chunk> {
    for (const unit of units) {
      const touched = isTouched(unit)
      if (!touched && unit.streamEnd <= this.#wanted) continue
      let position = unit.streamStart
      for await (const bytes of unitStream(codec, source, { unit, signal })) {
        if (touched) await onTouched(position, bytes)
        yield { position, bytes }
        position += bytes.length
      }
      if (position !== unit.streamEnd) throw new LetheError('not-verified', 'a member is not as long as it was')
    }
  }
}
