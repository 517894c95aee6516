import { type Range, Ranges } from '../../../domain/ranges.ts'

/** Starts and ends of intervals, one after the other, as threads are sent them. */
export function packedRanges(ranges: Iterable<Range>): Float64Array {
  const bounds: number[] = []
  for (const { start, end } of ranges) bounds.push(start, end)
  return Float64Array.from(bounds)
}

export function unpackedRanges(bounds: Float64Array): Ranges {
  const ranges = new Ranges()
  for (let index = 0; index < bounds.length; index += 2) ranges.add(bounds[index]!, bounds[index + 1]!)
  return ranges
}
