import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RangeSource, ReadOptions } from './range-source.ts'

/**
 * Where an eraser puts the new bytes of an object: in memory up to a bound, beyond it in a temporary file that is
 * private (mode 0600) and already unlinked, so that a crash leaves nothing behind.
 *
 * Readable as a source of `size` bytes while it grows: `read` sees all that was appended.
 */
export interface Spool extends RangeSource, AsyncDisposable {
  /** Appends bytes, which the caller may reuse afterwards; yields where they lie. Not to be called concurrently. */
  append(bytes: Uint8Array): Promise<{ readonly start: number; readonly end: number }>
}

export interface SpoolOptions {
  /** How many bytes are held in memory before the spool moves to a file. */
  readonly memoryBytes?: number
  /** Where that file is made. */
  readonly folder?: string
}

export function makeSpool({ memoryBytes = 16 * 1024 * 1024, folder = tmpdir() }: SpoolOptions = {}): Spool {
  return new MemoryThenFileSpool(memoryBytes, folder)
}

/** So many bytes are written to the file at once: a call of the system costs as much as 20 KB. */
const writeBytes = 256 * 1024

class MemoryThenFileSpool implements Spool {
  readonly #memoryBytes: number
  readonly #folder: string
  /** All bytes; once there is a file, those from `#inFile` on. */
  #memory = new Uint8Array(0)
  #file: FileHandle | undefined
  /** Bytes in the file. */
  #inFile = 0
  #size = 0

  constructor(memoryBytes: number, folder: string) {
    this.#memoryBytes = memoryBytes
    this.#folder = folder
  }

  get size(): number {
    return this.#size
  }

  async append(bytes: Uint8Array): Promise<{ start: number; end: number }> {
    const start = this.#size
    const end = start + bytes.length
    if (this.#file === undefined && end > this.#memoryBytes) await this.#moveToFile()
    if (this.#file !== undefined && end - this.#inFile > this.#memory.length) {
      await this.#writeOut()
      if (bytes.length > this.#memory.length) {
        await writeAll(this.#file, bytes, start)
        this.#inFile = end
        this.#size = end
        return { start, end }
      }
    }
    if (this.#file === undefined) this.#grow(end)
    this.#memory.set(bytes, start - this.#inFile)
    this.#size = end
    return { start, end }
  }

  async read(start: number, end: number, { into }: ReadOptions = {}): Promise<Uint8Array> {
    if (start < 0 || end < start || end > this.#size)
      throw new RangeError(`read ${start}..${end} of ${this.#size} bytes`)
    const result = into?.subarray(0, end - start) ?? new Uint8Array(end - start)
    // What is in memory first: it may be written out while the file is read.
    const split = Math.min(end, Math.max(start, this.#inFile))
    result.set(this.#memory.subarray(split - this.#inFile, Math.max(split, end) - this.#inFile), split - start)
    for (let done = 0; done < split - start; ) {
      const { bytesRead } = await this.#file!.read(result, done, split - start - done, start + done)
      if (bytesRead === 0) throw new RangeError('the spool file is shorter than what was appended to it')
      done += bytesRead
    }
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#memory = new Uint8Array(0)
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #grow(needed: number): void {
    if (needed <= this.#memory.length) return
    const grown = new Uint8Array(Math.min(this.#memoryBytes, Math.max(needed, 2 * this.#memory.length, 4096)))
    grown.set(this.#memory.subarray(0, this.#size))
    this.#memory = grown
  }

  async #moveToFile(): Promise<void> {
    const path = join(this.#folder, `.lethe-spool-${randomUUID()}`)
    const file = await open(path, 'wx+', 0o600)
    try {
      // Unlinked before the first byte: the file lives as long as its handle, whatever ends the process.
      await unlink(path)
      await writeAll(file, this.#memory.subarray(0, this.#size), 0)
      this.#inFile = this.#size
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    this.#memory = new Uint8Array(Math.min(writeBytes, this.#memoryBytes))
  }

  async #writeOut(): Promise<void> {
    await writeAll(this.#file!, this.#memory.subarray(0, this.#size - this.#inFile), this.#inFile)
    this.#inFile = this.#size
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
