import { LetheError } from '../../domain/error.ts'
import { nameStillTells } from '../../domain/name-tells.ts'
import type { Ranges } from '../../domain/ranges.ts'
import { type Edit, makeEdit, type Piece } from '../edit.ts'
import type { DetectableFormat, EraseRequest, Found, Search } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import type { RowFormat } from '../row-format.ts'
import type { Codec, Unit } from './codec.ts'
import { compressedContainer } from './compressed-container.ts'
import { type BombLimits, decompressed, defaultBombLimits, type Structure, unitStream } from './decompressed.ts'
import { innerFormatOf } from './inner-format.ts'
import { keptStream } from './kept-stream.ts'
import { isTouched, type Units } from './units.ts'
import { verifyCompressed } from './verify-compressed.ts'

export interface CompressedOptions {
  readonly limits?: BombLimits
}

/**
 * The formats of row formats within a compression, told from the content of both where that can be; before them the one
 * that refuses what else may be within.
 *
 * An erasure rewrites the members that hold an erased byte, with the same compression and a comparable level, and keeps
 * all others where they are; a member that loses everything goes.
 */
export function compressed(
  codec: Codec,
  rowFormats: readonly RowFormat[],
  { limits = defaultBombLimits }: CompressedOptions = {},
): DetectableFormat[] {
  const formats = rowFormats.map(
    (rowFormat): DetectableFormat => ({
      name: `${rowFormat.name}.${codec.name}`,
      async detect(probe) {
        const inner = await innerFormatOf(codec, rowFormats, probe)
        return inner?.rowFormat === rowFormat ? inner.certainty : 'no'
      },
      async inspect(source, options = {}) {
        const { stream, structure } = decompressed(codec, source, { limits, ...options })
        const { facts } = await rowFormat.inspect(stream, options)
        const { count, streamBytes } = structure.units
        const compression = { name: codec.name, members: count, bytes: source.size, decompressedBytes: streamBytes }
        return { format: `${rowFormat.name}.${codec.name}`, facts: { compression, ...facts } }
      },
      find: (source, search) => find(source, search, { codec, rowFormat, limits }),
      erase: (source, request) => erase(source, request, { codec, limits }),
      async verify(source, request) {
        const units = await unitsOf(source, request.found, { codec, limits, signal: request.search.signal })
        await verifyCompressed(source, request, { codec, rowFormat, units })
      },
    }),
  )
  return [compressedContainer(codec), ...formats]
}

async function find(
  source: RangeSource,
  search: Search,
  { codec, rowFormat, limits }: { codec: Codec; rowFormat: RowFormat; limits: BombLimits },
): Promise<Found> {
  const { signal, onProgress, ...inner } = search
  const options = { limits, ...(signal === undefined ? {} : { signal }) }
  const structures: Structure[] = []
  const openStream = (): AsyncIterable<Uint8Array> => {
    const isFirst = structures.length === 0
    const { stream, structure } = decompressed(codec, source, {
      ...options,
      ...(isFirst && onProgress !== undefined ? { onRead: onProgress } : {}),
    })
    structures.push(structure)
    return stream
  }
  const { streamBytes, ...found } = await rowFormat.scan(openStream, {
    ...inner,
    ...(signal === undefined ? {} : { signal }),
  })
  const structure = structures.find(({ isWhole, units }) => isWhole && units.streamBytes === streamBytes)
  if (structure === undefined) throw new LetheError('internal', 'the object was not read to its end')
  remembered.set(found.ranges, structure.units)
  const tells = nameStillTells([...structure.names], { predicate: search.predicate, hits: found.hits })
  return {
    ...found,
    warnings: tells === undefined ? found.warnings : [...found.warnings, tells],
    estimate: estimateOf(structure.units, found.ranges, source.size),
  }
}

/**
 * Where the members lie was learnt by reading the whole object; an erasure of what was found need not do that again.
 * Keyed by the ranges, which are of one version of one object and stay the same object in whatever holds them.
 */
const remembered = new WeakMap<Ranges, Units>()

async function unitsOf(
  source: RangeSource,
  { ranges }: Found,
  { codec, limits, signal }: { codec: Codec; limits: BombLimits; signal: AbortSignal | undefined },
): Promise<Units> {
  const known = ranges === undefined ? undefined : remembered.get(ranges)
  if (known !== undefined) return known
  const { stream, structure } = decompressed(codec, source, { limits, ...(signal === undefined ? {} : { signal }) })
  for await (const _ of stream) {
  }
  return structure.units
}

/** A member that is rewritten is taken to become as large as it was: an upper bound, near enough. */
function estimateOf(units: Units, ranges: Ranges, size: number): Found['estimate'] {
  let insertedBytes = 0
  for (const unit of units) if (isTouched(unit, ranges)) insertedBytes += unit.end - unit.start
  return { keptBytes: size - insertedBytes, insertedBytes }
}

async function erase(
  source: RangeSource,
  { search, found, spool }: EraseRequest,
  { codec, limits }: { codec: Codec; limits: BombLimits },
): Promise<Edit> {
  const { encode } = codec
  const { ranges } = found
  if (ranges === undefined) throw new LetheError('internal', 'what was found has no byte ranges')
  if (encode === undefined) {
    throw new LetheError('unsupported', `${codec.name} can be read and not written here: decompress the object first`)
  }
  const units = await unitsOf(source, found, { codec, limits, signal: search.signal })
  const pieces: Piece[] = []
  const rewrite = async (unit: Unit): Promise<void> => {
    const kept = keptStream(unitStream(codec, source, { unit, signal: search.signal }), ranges, unit.streamStart)
    const streamBytes = unit.streamEnd - unit.streamStart - ranges.sizeWithin(unit.streamStart, unit.streamEnd)
    for await (const bytes of encode(kept, { source, unit, streamBytes })) {
      search.signal?.throwIfAborted()
      pieces.push({ from: 'spool', ...(await spool.append(bytes)) })
    }
  }
  let position = 0
  for (let index = 0; index < units.count; index += 1) {
    const unit = units.at(index)
    if (!isTouched(unit, ranges)) continue
    await codec.requireReplaceable?.(source, unit)
    pieces.push({ from: 'source', start: position, end: unit.start })
    position = unit.end
    if (keepsBytes(unit, ranges) || isNeeded(units, index, ranges)) await rewrite(unit)
  }
  pieces.push({ from: 'source', start: position, end: source.size })
  return makeEdit(pieces, { spool, rowsBefore: found.rowsSeen, rowsErased: found.rows.size })
}

function keepsBytes({ streamStart, streamEnd }: Unit, ranges: Ranges): boolean {
  return ranges.sizeWithin(streamStart, streamEnd) < streamEnd - streamStart
}

/**
 * Whether a member stays although it is empty then: the first one, where all others go too, or where padding would come
 * to be the object's beginning.
 */
function isNeeded(units: Units, index: number, ranges: Ranges): boolean {
  if (index > 0) return false
  if (units.count === 1 || units.at(1).start > units.at(0).end) return true
  for (let other = 1; other < units.count; other += 1) {
    const unit = units.at(other)
    if (!isTouched(unit, ranges) || keepsBytes(unit, ranges)) return false
  }
  return true
}
