import { LetheError } from '../domain/error.ts'
import type { DetectableFormat, Format, Probe } from './format.ts'
import { noRows } from './no-rows.ts'
import type { RangeSource } from './range-source.ts'

/** How much of an object's beginning is read to tell its format. */
export const probeBytes = 64 * 1024

/**
 * The format of an object: by content, then by name; without bytes it is `noRows`.
 *
 * @throws LetheError `unknown-format`: what is no known format is refused, because it may hold the person all the same.
 */
export async function detectFormat(
  formats: readonly DetectableFormat[],
  { name, source, signal }: { name: string; source: RangeSource; signal?: AbortSignal },
): Promise<Format> {
  const probe = await probeOf(name, source, signal)
  const votes = await Promise.all(formats.map((format) => format.detect(probe)))
  const chosen = formats[votes.indexOf('content')] ?? formats[votes.indexOf('name')]
  if (chosen !== undefined) return chosen
  if (probe.size === 0) return noRows
  throw new LetheError(
    'unknown-format',
    'neither content nor name is of a known format; leave the object out of the target if it holds no rows',
  )
}

async function probeOf(name: string, source: RangeSource, signal: AbortSignal | undefined): Promise<Probe> {
  const options = signal === undefined ? {} : { signal }
  const head = await source.read(0, Math.min(source.size, probeBytes), options)
  const tailStart = Math.max(0, source.size - 8)
  const tail =
    head.length === source.size ? head.subarray(tailStart) : await source.read(tailStart, source.size, options)
  const first = (bytes: number): Promise<Uint8Array> => source.read(0, Math.min(source.size, bytes), options)
  return { name, size: source.size, head, tail, first }
}
