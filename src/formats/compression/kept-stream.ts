import type { Ranges } from '../../domain/ranges.ts'

/** What of a stream, which begins at `start` of a longer one, is not in the ranges. */
export async function* keptStream(
  stream: AsyncIterable<Uint8Array>,
  ranges: Ranges,
  start: number,
): AsyncGenerator<Uint8Array> {
  let position = start
  for await (const bytes of stream) {
    for (const gap of ranges.gaps(position, position + bytes.length)) {
      yield bytes.subarray(gap.start - position, gap.end - position)
    }
    position += bytes.length
  }
}
