import { joinByteStreams } from './byte-stream-split.ts'
import { limitDecoded } from './decoded-limit.ts'
import { DeltaReader } from './delta-binary-packed.ts'
import { decodeDeltaByteArrays, decodeDeltaLengths } from './delta-byte-array.ts'
import { malformed, unsupported } from './malformed.ts'
import type { Encoding } from './metadata-enums.ts'
import { decodePlain, type Values, valueWidth } from './plain-values.ts'
import { rleBooleans } from './rle-boolean.ts'
import { HybridRuns } from './rle-hybrid.ts'
import type { LeafColumn } from './schema.ts'

export interface EncodedValues {
  readonly encoding: Encoding
  /** The values section of a page. */
  readonly values: Uint8Array
  /** Values that are not null. */
  readonly count: number
  readonly column: Pick<LeafColumn, 'physicalType' | 'typeLength'>
}

/**
 * All values of a page at once, in any encoding but that of dictionary indices (dictionary-indices.ts).
 *
 * @throws LetheError `malformed`, `unsupported`, `limit-exceeded`
 */
export function decodeValues(encoded: EncodedValues): Values {
  const { encoding, values, count, column } = encoded
  if (encoding === 'PLAIN') return decodePlain(values, { column, count })
  if (count === 0) return emptyValues(column)
  switch (encoding) {
    case 'RLE':
      return decodeRleBooleans(encoded)
    case 'DELTA_BINARY_PACKED':
      return decodeDeltas(encoded)
    case 'DELTA_LENGTH_BYTE_ARRAY':
      requireType(encoded, ['BYTE_ARRAY'])
      return decodeDeltaLengths(values, count)
    case 'DELTA_BYTE_ARRAY':
      requireType(encoded, ['BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'])
      return fixedWhereFixed(decodeDeltaByteArrays(values, count), encoded)
    case 'BYTE_STREAM_SPLIT': {
      requireType(encoded, ['INT32', 'INT64', 'FLOAT', 'DOUBLE', 'FIXED_LEN_BYTE_ARRAY'])
      const width = valueWidth(column)!
      return { kind: 'fixed', count, width, bytes: joinByteStreams(values, { count, width }) }
    }
    default:
      throw unsupported(`values in the encoding ${encoding}`)
  }
}

function emptyValues(column: EncodedValues['column']): Values {
  const bytes = new Uint8Array(0)
  const width = valueWidth(column)
  if (width !== undefined) return { kind: 'fixed', count: 0, width, bytes }
  return { kind: 'variable', count: 0, bytes, starts: new Uint32Array(1), gap: 0 }
}

function decodeRleBooleans(encoded: EncodedValues): Values {
  requireType(encoded, ['BOOLEAN'])
  const { values, count } = encoded
  limitDecoded(count)
  const bytes = new Uint8Array(count)
  const runs = new HybridRuns(rleBooleans(values, count))
  while (runs.next()) {
    if (runs.isRepeated) bytes.fill(runs.value, runs.firstValue, runs.firstValue + runs.count)
    else runs.unpack(bytes, { from: runs.firstValue })
  }
  return { kind: 'fixed', count, width: 1, bytes }
}

function decodeDeltas(encoded: EncodedValues): Values {
  requireType(encoded, ['INT32', 'INT64'])
  const { values, count, column } = encoded
  const width = column.physicalType === 'INT64' ? 8 : 4
  limitDecoded(width * count)
  const reader = new DeltaReader(values, { width })
  if (reader.count !== count) throw malformed('a page has not as many values as it says')
  const numbers = new Int32Array((width / 4) * count)
  reader.read(numbers, count)
  if (reader.end !== values.length) throw malformed('a page has not as many values as it says')
  return { kind: 'fixed', count, width, bytes: new Uint8Array(numbers.buffer) }
}

function fixedWhereFixed(values: Extract<Values, { kind: 'variable' }>, { column, count }: EncodedValues): Values {
  const width = valueWidth(column)
  if (width === undefined) return values
  for (let index = 0; index < count; index += 1) {
    if (values.starts[index + 1]! - values.starts[index]! !== width) throw malformed('a value has not its fixed length')
  }
  return { kind: 'fixed', count, width, bytes: values.bytes }
}

function requireType({ encoding, column }: EncodedValues, types: readonly string[]): void {
  if (!types.includes(column.physicalType)) {
    throw malformed(`the encoding ${encoding} for values of type ${column.physicalType}`)
  }
}
