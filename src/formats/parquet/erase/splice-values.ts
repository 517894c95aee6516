import { dictionaryIndices } from '../dictionary-indices.ts'
import { malformed, unsupported } from '../malformed.ts'
import type { Encoding } from '../metadata-enums.ts'
import { valueWidth } from '../plain-values.ts'
import { rleBooleans } from '../rle-boolean.ts'
import { spliceDeltaBinaryPacked, spliceDeltaByteArrays, spliceDeltaLengths } from './splice-deltas.ts'
import { spliceHybrid } from './splice-hybrid.ts'
import type { ValueSplice } from './value-splice.ts'

/**
 * Writes the values of a page without those at `drops`, in the encoding that they have.
 *
 * @throws LetheError `malformed` where the section is not exactly `count` values, `unsupported` for other encodings
 */
export function spliceValues(encoding: Encoding, values: Uint8Array, splice: ValueSplice): void {
  if (encoding === 'GROUP_VAR_INT' || encoding === 'BIT_PACKED') throw unsupported(`values in the encoding ${encoding}`)
  // A page of nulls alone. Some writers store an empty section of the encoding, some nothing; neither tells anything.
  if (splice.count === 0 && isHeaderOnly(encoding, values)) splice.sink.bytes(values)
  else splicers[encoding](values, splice)
}

const splicers: Readonly<
  Record<Exclude<Encoding, 'GROUP_VAR_INT' | 'BIT_PACKED'>, (values: Uint8Array, splice: ValueSplice) => void>
> = {
  PLAIN: splicePlain,
  PLAIN_DICTIONARY: spliceIndices,
  RLE_DICTIONARY: spliceIndices,
  RLE: spliceRleBooleans,
  DELTA_BINARY_PACKED: spliceDeltaBinaryPacked,
  DELTA_LENGTH_BYTE_ARRAY: spliceDeltaLengths,
  DELTA_BYTE_ARRAY: spliceDeltaByteArrays,
  BYTE_STREAM_SPLIT: spliceByteStreams,
}

/** Two headers of delta-encoded numbers, of five bytes each. */
const maxHeaderBytes = 10

/** Nothing, or no more than the headers of an encoding that has some. */
function isHeaderOnly(encoding: Encoding, values: Uint8Array): boolean {
  return values.length === 0 || (encoding.startsWith('DELTA') && values.length <= maxHeaderBytes)
}

function splicePlain(values: Uint8Array, splice: ValueSplice): void {
  const width = valueWidth(splice.column)
  if (splice.column.physicalType === 'BOOLEAN') splicePlainBooleans(values, splice)
  else if (width === undefined) splicePlainByteArrays(values, splice)
  else splicePlainFixed(values, width, splice)
}

function splicePlainFixed(values: Uint8Array, width: number, { count, drops, sink, erased }: ValueSplice): void {
  if (values.length !== count * width) throw wrongCount()
  for (const { start, end } of drops.gaps(0, count)) sink.bytes(values, start * width, end * width)
  for (const { start, end } of drops) {
    for (let index = start; index < end; index += 1) erased.value(values, index * width, (index + 1) * width)
  }
}

const lengthBytes = 4

function splicePlainByteArrays(values: Uint8Array, { count, drops, sink, erased }: ValueSplice): void {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength)
  let position = 0
  let keptFrom = 0
  let nextDrop = 0
  for (let index = 0; index < count; index += 1) {
    if (position + lengthBytes > values.length) throw wrongCount()
    const start = position + lengthBytes
    const end = start + view.getUint32(position, true)
    if (end > values.length) throw wrongCount()
    if (nextDrop < drops.count && index >= drops.startAt(nextDrop)) {
      sink.bytes(values, keptFrom, position)
      keptFrom = end
      erased.value(values, start, end)
      if (index + 1 === drops.endAt(nextDrop)) nextDrop += 1
    }
    position = end
  }
  if (position !== values.length) throw wrongCount()
  sink.bytes(values, keptFrom, position)
}

const booleans = Uint8Array.of(0, 1)

function splicePlainBooleans(values: Uint8Array, { count, drops, sink, erased }: ValueSplice): void {
  if (values.length !== Math.ceil(count / 8)) throw wrongCount()
  const bitAt = (index: number): number => (values[index >>> 3]! >>> (index & 7)) & 1
  let bits = 0
  let held = 0
  for (const { start, end } of drops.gaps(0, count)) {
    for (let index = start; index < end; index += 1) {
      bits |= bitAt(index) << held
      held += 1
      if (held < 8) continue
      sink.byte(bits)
      bits = 0
      held = 0
    }
  }
  if (held > 0) sink.byte(bits)
  for (const { start, end } of drops) {
    for (let index = start; index < end; index += 1) erased.value(booleans, bitAt(index), bitAt(index) + 1)
  }
}

/** Indices of the chunk's dictionary: their bit width in one byte, then runs. */
function spliceIndices(values: Uint8Array, { count, drops, sink, erased }: ValueSplice): void {
  const section = dictionaryIndices(values, count)
  sink.byte(section.bitWidth)
  spliceHybrid(section, { drops, sink, onDropped: (index, times) => erased.entry(index, times) })
}

function spliceRleBooleans(values: Uint8Array, { column, count, drops, sink, erased }: ValueSplice): void {
  if (column.physicalType !== 'BOOLEAN') throw malformed('values in the encoding RLE that are no booleans')
  const start = sink.size
  sink.littleEndian(0, 4)
  const onDropped = (bit: number, times: number): void => {
    for (let index = 0; index < times; index += 1) erased.value(booleans, bit, bit + 1)
  }
  spliceHybrid(rleBooleans(values, count), { drops, sink, onDropped })
  sink.setUint32(start, sink.size - start - 4)
}

/** First the first bytes of all values, then their second bytes, and so on: each stream is cut alike. */
function spliceByteStreams(values: Uint8Array, { column, count, drops, sink, erased }: ValueSplice): void {
  const width = valueWidth(column)
  if (width === undefined || column.physicalType === 'BOOLEAN') throw malformed('byte streams of such values')
  if (values.length !== count * width) throw wrongCount()
  for (let stream = 0; stream < width; stream += 1) {
    for (const { start, end } of drops.gaps(0, count)) sink.bytes(values, stream * count + start, stream * count + end)
  }
  const value = new Uint8Array(width)
  for (const { start, end } of drops) {
    for (let index = start; index < end; index += 1) {
      for (let stream = 0; stream < width; stream += 1) value[stream] = values[stream * count + index]!
      erased.value(value, 0, width)
    }
  }
}

function wrongCount(): Error {
  return malformed('a page has not as many values as its levels say')
}
