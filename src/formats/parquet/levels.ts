import { countOnes, unpackBitsBigEndian } from './bit-packing.ts'
import { malformed } from './malformed.ts'
import type { LevelSection } from './page-body.ts'
import { decodeHybrid, HybridRuns } from './rle-hybrid.ts'

const batchSize = 4096

/** Called with runs of equal levels: the level, the ordinal of the first and the number of them. */
export type OnLevels = (level: number, first: number, count: number) => void

/**
 * Walks over levels as runs of equal ones, in order and without a gap. Takes memory for a batch, whatever
 * `numValues` says.
 *
 * @throws LetheError `malformed`
 */
export function forEachLevelRun(section: LevelSection, numValues: number, onLevels: OnLevels): void {
  const batch = new Int32Array(Math.min(batchSize, numValues))
  if (section.encoding === 'BIT_PACKED') {
    walkBitPacked(section, { numValues, batch, onLevels })
    return
  }
  const runs = new HybridRuns({ ...section, numValues })
  while (runs.next()) {
    if (runs.isRepeated) {
      onLevels(runs.value, runs.firstValue, runs.count)
      continue
    }
    for (let skip = 0; skip < runs.count; skip += batchSize) {
      const count = Math.min(batchSize, runs.count - skip)
      runs.unpack(batch, { skip, count })
      callForRuns(batch, { first: runs.firstValue + skip, count, onLevels })
    }
  }
}

function walkBitPacked(
  { bytes, bitWidth }: LevelSection,
  { numValues, batch, onLevels }: { numValues: number; batch: Int32Array; onLevels: OnLevels },
): void {
  for (let first = 0; first < numValues; first += batchSize) {
    const count = Math.min(batchSize, numValues - first)
    unpackBitsBigEndian({ bytes, start: (first / 8) * bitWidth, bitWidth }, { target: batch, count })
    callForRuns(batch, { first, count, onLevels })
  }
}

function callForRuns(
  levels: Int32Array,
  { first, count, onLevels }: { first: number; count: number; onLevels: OnLevels },
): void {
  for (let start = 0; start < count; ) {
    const level = levels[start]!
    let end = start + 1
    while (end < count && levels[end] === level) end += 1
    onLevels(level, first + start, end - start)
    start = end
  }
}

/** All levels of a section. The caller bounds `numValues` by what it can hold. @throws LetheError `malformed` */
export function decodeLevels(section: LevelSection, numValues: number): Int32Array {
  const levels = new Int32Array(numValues)
  if (section.encoding === 'RLE') return decodeHybrid({ ...section, numValues }, levels)
  const { bytes, bitWidth } = section
  unpackBitsBigEndian({ bytes, start: 0, bitWidth }, { target: levels, count: numValues })
  return levels
}

/**
 * How many values are there, that is, not null: those whose definition level is the greatest. Quick for one bit.
 *
 * @throws LetheError `malformed`, for a level beyond the greatest too
 */
export function countPresent(section: LevelSection, numValues: number, maxLevel: number): number {
  if (section.encoding === 'RLE' && section.bitWidth === 1) return countOneBitLevels(section, numValues)
  let present = 0
  forEachLevelRun(section, numValues, (level, _first, count) => {
    if (level > maxLevel) throw malformed('a level is greater than its column allows')
    if (level === maxLevel) present += count
  })
  return present
}

function countOneBitLevels({ bytes, bitWidth }: LevelSection, numValues: number): number {
  let ones = 0
  const runs = new HybridRuns({ bytes, bitWidth, numValues })
  while (runs.next()) {
    ones += runs.isRepeated ? runs.value * runs.count : countOnes(bytes, runs.dataStart, runs.count)
  }
  return ones
}
