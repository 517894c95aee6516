import type { Ranges } from '../../../domain/ranges.ts'
import { HybridRuns, type HybridSection } from '../rle-hybrid.ts'
import type { ByteSink } from './byte-sink.ts'
import { HybridEncoder } from './hybrid-encoder.ts'

/** Called with values that are left out, in order, and how often each occurs in a row. */
export type OnDropped = (value: number, times: number) => void

/** One value in so many dropped at once: then groups that lost some are no rarity, and all values are packed anew. */
const sparseShare = 64
const groupSize = 8

/**
 * Writes a section without the values at `drops`, ordinals in the section.
 *
 * Runs are spliced, not decoded: a repeated run becomes shorter; of a packed run the groups that lose nothing are
 * copied as they are, and the rest of a group that does is written as short runs. Only where many values go is the
 * whole section encoded anew, because those short runs would make it larger than it was.
 *
 * @throws LetheError `malformed`
 */
export function spliceHybrid(
  section: HybridSection,
  { drops, sink, onDropped }: { drops: Ranges; sink: ByteSink; onDropped: OnDropped },
): void {
  const splicer: Splicer = {
    section,
    drops,
    encoder: new HybridEncoder(sink, section.bitWidth),
    onDropped,
    isSparse: drops.count * sparseShare <= section.numValues,
    group: new Uint32Array(groupSize),
    nextDrop: 0,
  }
  const runs = new HybridRuns(section)
  while (runs.next()) {
    // Of no bits there is one value only, however it is packed.
    if (runs.isRepeated || section.bitWidth === 0) spliceRepeated(splicer, runs)
    else splicePacked(splicer, runs)
  }
  splicer.encoder.finish()
}

interface Splicer {
  readonly section: HybridSection
  readonly drops: Ranges
  readonly encoder: HybridEncoder
  readonly onDropped: OnDropped
  readonly isSparse: boolean
  readonly group: Uint32Array
  /** The first of the drops that ends behind all values dealt with. */
  nextDrop: number
}

function spliceRepeated(splicer: Splicer, { firstValue, count, value }: HybridRuns): void {
  const end = firstValue + count
  let dropped = 0
  for (let start = firstValue; start < end; ) {
    const { from, to } = dropWithin(splicer, start, end)
    dropped += to - from
    start = to
  }
  if (dropped > 0) splicer.onDropped(value, dropped)
  splicer.encoder.add(value, count - dropped)
}

function splicePacked(splicer: Splicer, runs: HybridRuns): void {
  const { firstValue, count } = runs
  for (let skip = 0; skip < count; ) {
    const { from } = dropWithin(splicer, firstValue + skip, firstValue + count)
    const wholeEnd = from === firstValue + count ? count : Math.floor((from - firstValue) / groupSize) * groupSize
    if (wholeEnd > skip && splicer.isSparse) {
      copyGroups(splicer, runs, { skip, end: wholeEnd })
      skip = wholeEnd
      continue
    }
    const inGroup = Math.min(groupSize, count - skip)
    spliceGroup(splicer, runs, { skip, inGroup })
    skip += inGroup
  }
}

function copyGroups(
  { section, encoder }: Splicer,
  runs: HybridRuns,
  { skip, end }: { skip: number; end: number },
): void {
  const start = runs.dataStart + (skip / groupSize) * section.bitWidth
  encoder.packedGroups(section.bytes, { start, groups: Math.ceil((end - skip) / groupSize) })
}

function spliceGroup(splicer: Splicer, runs: HybridRuns, { skip, inGroup }: { skip: number; inGroup: number }): void {
  const { group, encoder, onDropped } = splicer
  const end = runs.firstValue + skip + inGroup
  runs.unpack(group, { skip, count: inGroup })
  for (let start = end - inGroup; start < end; ) {
    const { from, to } = dropWithin(splicer, start, end)
    const offset = end - inGroup
    for (let index = start; index < from; index += 1) encoder.add(group[index - offset]!)
    for (let index = from; index < to; index += 1) onDropped(group[index - offset]!, 1)
    start = to
  }
}

/** What is dropped first of `start..end`: `from..to`, empty at `end` where nothing is. Calls go forward. */
function dropWithin(splicer: Splicer, start: number, end: number): { from: number; to: number } {
  const { drops } = splicer
  while (splicer.nextDrop < drops.count && drops.endAt(splicer.nextDrop) <= start) splicer.nextDrop += 1
  if (splicer.nextDrop === drops.count || drops.startAt(splicer.nextDrop) >= end) return { from: end, to: end }
  return {
    from: Math.max(start, drops.startAt(splicer.nextDrop)),
    to: Math.min(end, drops.endAt(splicer.nextDrop)),
  }
}
