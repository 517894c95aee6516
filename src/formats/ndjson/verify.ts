import { LetheError } from '../../domain/error.ts'
import type { Search } from '../format.ts'
import type { RowsFound } from '../row-format.ts'
import { compilePredicate } from './compiled-predicate.ts'
import { lineBlocks } from './line-blocks.ts'
import { PartitionValues } from './partition-values.ts'
import { RowMatcher } from './row-matcher.ts'

const chunkBytes = 1024 * 1024
const byteOrderMark = Buffer.of(0xef, 0xbb, 0xbf)

type Read = (start: number, end: number) => Promise<Uint8Array>

/**
 * Proves the erasure of byte ranges by the full look at every line in them: each range is as many whole lines as were
 * found there, each line matches, and what is kept before it ends with a newline (or is nothing, or a byte-order mark).
 * Reads the ranges, and a byte or three before each, in ascending order.
 *
 * @throws LetheError `not-verified`
 */
export async function verifyErased(
  read: Read,
  {
    size,
    found: { rows, ranges },
    search,
  }: { readonly size: number; readonly found: RowsFound; readonly search: Search },
): Promise<void> {
  if (rows.count !== ranges.count) throw notVerified()
  const predicate = compilePredicate(search.predicate)
  const matcher = new RowMatcher(predicate, new PartitionValues(predicate, search.partitions))
  for (let index = 0; index < ranges.count; index += 1) {
    const range = { start: ranges.startAt(index), end: ranges.endAt(index) }
    if (range.end > size) throw notVerified()
    const lines = await matchingLines(read, { range, size, matcher, search })
    if (lines !== rows.endAt(index) - rows.startAt(index)) throw notVerified()
  }
}

/** The number of lines in the range, which all match. */
async function matchingLines(
  read: Read,
  {
    range: { start, end },
    size,
    matcher,
    search,
  }: {
    readonly range: { readonly start: number; readonly end: number }
    readonly size: number
    readonly matcher: RowMatcher
    readonly search: Search
  },
): Promise<number> {
  const before = start === byteOrderMark.length ? 0 : Math.max(0, start - 1)
  let isFirst = true
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = before; at < end; at += chunkBytes) {
      search.signal?.throwIfAborted()
      let chunk = await read(at, Math.min(end, at + chunkBytes))
      if (isFirst) {
        if (!isLineEnd(chunk.subarray(0, start - before))) throw notVerified()
        chunk = chunk.subarray(start - before)
        isFirst = false
      }
      yield chunk
    }
  }
  let lines = 0
  for await (const block of lineBlocks(chunks(), { byteOrderMark: 'in-line' })) {
    if (block.isUnended && end < size) throw notVerified()
    for (let at = block.start, next: number; at < block.end; at = next) {
      next = block.bytes.indexOf(0x0a, at) + 1
      if (matcher.read(block.bytes, at, next - 1) !== 'object' || matcher.positions.size === 0) throw notVerified()
      lines += 1
    }
  }
  return lines
}

/** Whether a line can begin after these bytes, the last ones before it. */
function isLineEnd(before: Uint8Array): boolean {
  return before.length === 0 || before[before.length - 1] === 0x0a || byteOrderMark.equals(before)
}

function notVerified(): LetheError {
  return new LetheError('not-verified', 'the rows to be erased are not exactly lines that match; nothing was changed')
}
