import { type BigIntStats, constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { LetheError } from '../../../domain/error.ts'
import type { ReadOptions } from '../../../formats/range-source.ts'
import type { ObjectVersion, OpenObject } from '../../../ports/object-store.ts'
import { closeFile } from './close-file.ts'
import { asFileError, requireUninterrupted } from './file-error.ts'
import { encodeName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'
import { changed, isVersion, requireRegularFile, versionOf } from './file-version.ts'

/**
 * Within one tick of its clock (at most 10 ms) a kernel gives every change of a file the same time. Nothing is read of
 * a file until it is older than that, so that a change during or after the first read is one that can be seen.
 */
const clockTickMs = 20

// Without O_NONBLOCK the opening of a pipe that took the file's place would wait for a writer.
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens a regular file at its present version. Nothing else is ever opened: opening a device can act. */
export async function openFile(fs: FileSystem, key: string): Promise<OpenObject> {
  const path = encodeName(key)
  requireRegularFile(await fs.lstat(path, { bigint: true }))
  const handle = await fs.open(path, readOnly)
  try {
    const stats = await handle.stat({ bigint: true })
    requireRegularFile(stats)
    return new PinnedFile(handle, stats)
  } catch (error) {
    await closeFile(handle)
    throw error
  }
}

class PinnedFile implements OpenObject {
  readonly size: number
  readonly version: ObjectVersion
  readonly #handle: FileHandle
  readonly #changedAtMs: number
  #settled: Promise<void> | undefined

  constructor(handle: FileHandle, stats: BigIntStats) {
    this.#handle = handle
    this.#changedAtMs = Number(stats.ctimeMs)
    this.size = Number(stats.size)
    this.version = versionOf(stats)
  }

  async read(start: number, end: number, { signal, into }: ReadOptions = {}): Promise<Uint8Array> {
    if (start < 0 || end < start || end > this.size) throw new RangeError(`read ${start}..${end} of ${this.size} bytes`)
    requireUninterrupted(signal)
    try {
      await (this.#settled ??= this.#settle())
      const bytes = await this.#readFully(start, into?.subarray(0, end - start) ?? Buffer.allocUnsafeSlow(end - start))
      // After the bytes are here: a writer's change shows in the file's times before it shows in the content.
      if (!isVersion(await this.#handle.stat({ bigint: true }), this.version)) throw changed()
      if (bytes === undefined) throw new LetheError('io', 'the file is shorter than the system says')
      return bytes
    } catch (error) {
      throw asFileError(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeFile(this.#handle)
  }

  async #settle(): Promise<void> {
    const ageMs = Date.now() - this.#changedAtMs
    if (ageMs >= 0 && ageMs < clockTickMs) await setTimeout(clockTickMs - ageMs)
  }

  async #readFully(start: number, bytes: Uint8Array): Promise<Uint8Array | undefined> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, start + done)
      if (bytesRead === 0) return undefined
      done += bytesRead
    }
    return bytes
  }
}
