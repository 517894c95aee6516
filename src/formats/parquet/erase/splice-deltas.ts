import { decodeValues } from '../decode-values.ts'
import { DeltaReader } from '../delta-binary-packed.ts'
import { DeltaByteArrays } from '../delta-byte-array.ts'
import { malformed, unsupported } from '../malformed.ts'
import type { Encoding } from '../metadata-enums.ts'
import type { Values } from '../plain-values.ts'
import { ByteSink } from './byte-sink.ts'
import { type DeltaLayout, DeltaWriter } from './delta-writer.ts'
import type { ValueSplice } from './value-splice.ts'

/** Every difference behind a value depends on it: these are decoded and written again, in blocks of the same size. */

export function spliceDeltaBinaryPacked(values: Uint8Array, splice: ValueSplice): void {
  const decoded = decodeAll('DELTA_BINARY_PACKED', values, splice)
  if (decoded.kind !== 'fixed') throw malformed('delta-encoded integers that are none')
  const { drops, count, sink } = splice
  const width = decoded.width === 8 ? 8 : 4
  const numbers = new Int32Array(decoded.bytes.buffer, decoded.bytes.byteOffset, decoded.bytes.length / 4)
  const writer = new DeltaWriter(sink, { ...layoutOf(values, { width }), count: count - drops.size })
  for (const { start, end } of drops.gaps(0, count)) {
    for (let index = start; index < end; index += 1) {
      if (width === 8) writer.add(numbers[2 * index]!, numbers[2 * index + 1]!)
      else writer.add(numbers[index]!)
    }
  }
  writer.finish()
  reportErased(decoded, splice)
}

export function spliceDeltaLengths(values: Uint8Array, splice: ValueSplice): void {
  const decoded = decodeAll('DELTA_LENGTH_BYTE_ARRAY', values, splice)
  if (decoded.kind !== 'variable') throw malformed('delta-encoded byte arrays that are none')
  const { drops, count, sink } = splice
  const { starts } = decoded
  const layout = layoutOf(values, { width: 4 })
  const lengths = new DeltaWriter(sink, { ...layout, count: count - drops.size })
  for (const { start, end } of drops.gaps(0, count)) {
    for (let index = start; index < end; index += 1) lengths.add(starts[index + 1]! - starts[index]!)
  }
  lengths.finish()
  for (const { start, end } of drops.gaps(0, count)) sink.bytes(decoded.bytes, starts[start], starts[end])
  reportErased(decoded, splice)
}

/**
 * A value is written as what it shares with the one before and the rest. One behind values that go shares with the last
 * that stays at least what all of them shared.
 */
export function spliceDeltaByteArrays(values: Uint8Array, { count, drops, sink, erased }: ValueSplice): void {
  const layout = { ...layoutOf(values, { width: 4 }), count: count - drops.size }
  const suffixes = new ByteSink()
  const suffixLengths = new Int32Array(layout.count)
  const prefixLengths = new DeltaWriter(sink, layout)
  const decoded = new DeltaByteArrays(values, count)
  let kept = 0
  let nextDrop = 0
  let shared = Number.POSITIVE_INFINITY
  for (let index = 0; decoded.next(); index += 1) {
    shared = Math.min(shared, decoded.prefixLength)
    if (nextDrop < drops.count && index >= drops.startAt(nextDrop)) {
      erased.value(decoded.buffer, 0, decoded.length)
      if (index + 1 === drops.endAt(nextDrop)) nextDrop += 1
      continue
    }
    prefixLengths.add(shared)
    suffixLengths[kept] = decoded.length - shared
    kept += 1
    suffixes.bytes(decoded.buffer, shared, decoded.length)
    shared = Number.POSITIVE_INFINITY
  }
  prefixLengths.finish()
  const lengths = new DeltaWriter(sink, layout)
  for (const length of suffixLengths) lengths.add(length)
  lengths.finish()
  sink.bytes(suffixes.view())
}

function decodeAll(encoding: Encoding, values: Uint8Array, { column, count }: ValueSplice): Values {
  return decodeValues({ encoding, values, column, count })
}

/** Writers use 128 or 256. A block is held in memory. */
const maxBlockSize = 2 ** 20

function layoutOf(values: Uint8Array, { width }: { width: 4 | 8 }): Omit<DeltaLayout, 'count'> {
  const { miniblocks, perMiniblock } = new DeltaReader(values, { width })
  if (miniblocks * perMiniblock > maxBlockSize) throw unsupported('delta-encoded values in blocks of over a million')
  return { width, miniblocks, perMiniblock }
}

function reportErased(values: Values, { drops, erased }: ValueSplice): void {
  for (const { start, end } of drops) {
    for (let index = start; index < end; index += 1) {
      if (values.kind === 'fixed') erased.value(values.bytes, index * values.width, (index + 1) * values.width)
      else erased.value(values.bytes, values.starts[index]!, values.starts[index + 1]! - values.gap)
    }
  }
}
