import { dictionaryIndices } from '../dictionary-indices.ts'
import { malformed } from '../malformed.ts'
import { HybridRuns } from '../rle-hybrid.ts'
import type { ByteSink } from './byte-sink.ts'
import { HybridEncoder } from './hybrid-encoder.ts'

const batchSize = 4096

/** Of each entry of the old dictionary its index in the new one; `gone` where it has none. */
export type IndexMap = Uint32Array
export const gone = 2 ** 32 - 1

/** Writes the indices of a page, their bit width in front, so that they point into another dictionary, no larger one. */
export function remapIndices(
  values: Uint8Array,
  { count, map, sink }: { count: number; map: IndexMap; sink: ByteSink },
): void {
  const section = dictionaryIndices(values, count)
  sink.byte(section.bitWidth)
  const encoder = new HybridEncoder(sink, section.bitWidth)
  const batch = new Uint32Array(batchSize)
  const add = (index: number, times: number): void => {
    const mapped = map[index] ?? gone
    if (mapped === gone) throw malformed('a page points beyond its dictionary')
    encoder.add(mapped, times)
  }
  const runs = new HybridRuns(section)
  while (runs.next()) {
    if (runs.isRepeated) add(runs.value, runs.count)
    for (let skip = 0; !runs.isRepeated && skip < runs.count; skip += batchSize) {
      const inBatch = Math.min(batchSize, runs.count - skip)
      runs.unpack(batch, { skip, count: inBatch })
      for (let index = 0; index < inBatch; index += 1) add(batch[index]!, 1)
    }
  }
  encoder.finish()
}
