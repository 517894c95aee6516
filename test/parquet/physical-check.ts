import { crc32 } from 'node:zlib'
import { bloomHas } from './bloom.ts'
import { compareValues, isNaNValue } from './compare-values.ts'
import { type DecodedChunk, type DecodedPage, decodeChunk } from './decode.ts'
import { ids, pageTypes } from './ids.ts'
import { chunkStart, type Image, type ImageChunk, type ImageGroup, type ImagePage, isDataPage } from './image.ts'
import type { Leaf } from './leaves.ts'
import { binary, child, flag, integer, integers, items, type Tree, trees } from './thrift-tree.ts'

/** Something in a file that contradicts something else in it. `kind` is the same wherever it happens. */
export interface Fault {
  readonly kind: string
  readonly where: string
}

/**
 * Checks that every byte of a file belongs to one structure, that all counts and sizes agree, that index entries point
 * at pages, that checksums are right, and that statistics, where there are any, are true of the values.
 */
export function faultsOf(image: Image): Fault[] {
  const faults: Fault[] = []
  const report: Report = (kind, where, ok) => {
    if (!ok) faults.push({ kind, where })
  }
  for (const { what } of image.gaps) report('gap', what, false)
  for (const { what } of image.overlaps) report('overlap', what, false)
  report('footer tail', 'footer', image.footerTail.length === 0)
  const rows = image.groups.reduce((sum, { tree }) => sum + (integer(tree, ids.group.numRows) ?? -1), 0)
  report('file rows', 'file', integer(image.footer, ids.file.numRows) === rows)
  for (const [index, group] of image.groups.entries()) checkGroup(group, `group ${index}`, report)
  return faults
}

type Report = (kind: string, where: string, ok: boolean) => void

function checkGroup(group: ImageGroup, where: string, report: Report): void {
  const { tree, chunks } = group
  const sum = (id: number) => chunks.reduce((total, { meta }) => total + (integer(meta, id) ?? 0), 0)
  report('group bytes', where, integer(tree, ids.group.byteSize) === sum(ids.meta.uncompressedSize))
  const compressed = integer(tree, ids.group.compressedSize)
  report('group compressed bytes', where, [undefined, sum(ids.meta.compressedSize)].includes(compressed))
  const offset = integer(tree, ids.group.fileOffset)
  const first = chunks[0] === undefined ? undefined : chunkStart(chunks[0].meta)
  report('group offset', where, offset === undefined || offset === 0 || offset === first)
  for (const chunk of chunks) checkChunk(chunk, tree, `${where} ${chunk.leaf.path.join('.')}`, report)
}

function checkChunk(chunk: ImageChunk, group: Tree, where: string, report: Report): void {
  const { meta, leaf, pages } = chunk
  const decoded = decodeChunk(chunk)
  const entries = decoded.pages.reduce((sum, { definition }) => sum + definition.length, 0)
  report('chunk values', where, integer(meta, ids.meta.numValues) === entries)
  const rows = decoded.pages.reduce((sum, page) => sum + rowsStarting(page), 0)
  report('chunk rows', where, integer(group, ids.group.numRows) === rows)
  const uncompressed = pages.reduce(
    (sum, page) => sum + page.stored.length - page.body.length + (integer(page.header, ids.page.uncompressedSize) ?? 0),
    0,
  )
  report('chunk bytes', where, integer(meta, ids.meta.uncompressedSize) === uncompressed)
  const firstData = pages.find(isDataPage)
  report(
    'data page offset',
    where,
    firstData === undefined ||
      [firstData.start, pages[0]!.start].includes(integer(meta, ids.meta.dataPageOffset) ?? -1),
  )
  checkEncodings(chunk, where, report)
  checkPages(decoded, leaf, where, report)
  checkDictionary(chunk, decoded, where, report)
  const present = decoded.pages.flatMap((page) => page.values)
  const facts = { leaf, values: present, nulls: entries - present.length }
  checkStatistics(child(meta, ids.meta.statistics), facts, `${where} statistics`, report)
  checkSizes(child(meta, ids.meta.sizeStatistics), decoded.pages, leaf, where, report)
  checkOffsetIndex(chunk, decoded, where, report)
  checkColumnIndex(chunk, decoded, where, report)
  const { bloom } = chunk
  if (bloom !== undefined) {
    const distinct = new Map(present.map((value) => [Buffer.from(value).toString('latin1'), value]))
    report(
      'bloom filter lacks a value',
      where,
      [...distinct.values()].every((value) => bloomHas(bloom.bits, value)),
    )
  }
}

function rowsStarting({ repetition }: DecodedPage): number {
  return repetition.reduce((sum, level) => sum + (level === 0 ? 1 : 0), 0)
}

function checkEncodings({ meta, pages }: ImageChunk, where: string, report: Report): void {
  const listed = integers(meta, ids.meta.encodings) ?? []
  const counts = new Map<string, number>()
  for (const { header } of pages) {
    const type = integer(header, ids.page.type) ?? -1
    const head = child(header, [ids.page.v1, -1, ids.page.dictionary, ids.page.v2][type] ?? -1)
    const encoding = integer(head, type === pageTypes.dataV2 ? ids.v2.encoding : ids.v1.encoding) ?? -1
    report('encoding not listed', where, type === pageTypes.dictionary || listed.includes(encoding))
    const key = `${type}/${encoding}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  if (!meta.has(ids.meta.encodingStats)) return
  const stated = new Map<string, number>()
  for (const entry of trees(meta, ids.meta.encodingStats)) {
    const { pageType, encoding, count } = ids.encodingStats
    const key = `${integer(entry, pageType)}/${integer(entry, encoding)}`
    if (integer(entry, count) !== 0) stated.set(key, (stated.get(key) ?? 0) + (integer(entry, count) ?? 0))
  }
  const text = (map: Map<string, number>) => [...map].sort().join()
  report('encoding statistics', where, text(stated) === text(counts))
}

function checkPages({ pages }: DecodedChunk, leaf: Leaf, where: string, report: Report): void {
  pages.forEach((decoded, index) => {
    const { header } = decoded.page
    const at = `${where} page ${index}`
    const v2 = child(header, ids.page.v2)
    const nulls = decoded.definition.length - decoded.values.length
    if (v2 !== undefined) {
      report('page nulls', at, integer(v2, ids.v2.numNulls) === nulls)
      report('page rows', at, integer(v2, ids.v2.numRows) === rowsStarting(decoded))
      report('V2 page inside a row', at, decoded.repetition.length === 0 || decoded.repetition[0] === 0)
    }
    const statistics = child(v2 ?? child(header, ids.page.v1), v2 === undefined ? ids.v1.statistics : ids.v2.statistics)
    checkStatistics(statistics, { leaf, values: decoded.values, nulls }, `${at} statistics`, report)
  })
}

function checkDictionary({ pages }: ImageChunk, { dictionary }: DecodedChunk, where: string, report: Report): void {
  for (const page of pages) checkChecksum(page, where, report)
  if (dictionary === undefined) return
  const texts = dictionary.map((value) => Buffer.from(value).toString('latin1'))
  report('equal dictionary entries', where, new Set(texts).size === texts.length)
}

function checkChecksum({ header, body }: ImagePage, where: string, report: Report): void {
  const crc = integer(header, ids.page.crc)
  report('checksum', where, crc === undefined || (crc | 0) === (crc32(body) | 0))
}

interface Facts {
  readonly leaf: Leaf
  readonly values: readonly Uint8Array[]
  readonly nulls: number
}

function checkStatistics(statistics: Tree | undefined, { leaf, values, nulls }: Facts, where: string, report: Report) {
  if (statistics === undefined) return
  const s = ids.statistics
  report('null count', where, [undefined, nulls].includes(integer(statistics, s.nullCount)))
  const distinct = integer(statistics, s.distinctCount)
  report(
    'distinct count',
    where,
    distinct === undefined || distinct === new Set(values.map((value) => Buffer.from(value).toString('latin1'))).size,
  )
  const nans = values.filter((value) => isNaNValue(leaf, value)).length
  report('NaN count', where, [undefined, nans].includes(integer(statistics, s.nanCount)))
  const bounds = { min: binary(statistics, s.minValue), max: binary(statistics, s.maxValue) }
  report('bounds', where, holds(leaf, values, bounds))
  const isExact = (bound: Uint8Array | undefined, id: number) =>
    bound === undefined || flag(statistics, id) !== true || values.length === 0 || occurs(leaf, values, bound)
  report('exact bounds', where, isExact(bounds.min, s.isMinExact) && isExact(bounds.max, s.isMaxExact))
  // The old pair has no order of its own for unsigned and byte types: true in either is true.
  const old = { min: binary(statistics, s.min), max: binary(statistics, s.max) }
  report('old bounds', where, holds(leaf, values, old) || isTrueSomehow(leaf, values, old))
}

interface Bounds {
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
}

function holds(leaf: Leaf, values: readonly Uint8Array[], { min, max }: Bounds): boolean {
  return values.every((value) => {
    if (min !== undefined && (compareValues(leaf, min, value) ?? 0) > 0) return false
    return max === undefined || (compareValues(leaf, value, max) ?? 0) <= 0
  })
}

function isTrueSomehow(leaf: Leaf, values: readonly Uint8Array[], bounds: Bounds): boolean {
  if (leaf.order === 'unsigned') return holds({ ...leaf, order: 'signed' }, values, bounds)
  if (leaf.order !== 'bytes' && leaf.order !== 'decimal-bytes') return false
  const signed = (bytes: Uint8Array | undefined) => bytes?.map((byte) => byte ^ 128)
  const asBytes = { ...leaf, order: 'bytes' } as const
  const flipped = values.map((value) => value.map((byte) => byte ^ 128))
  return holds(asBytes, values, bounds) || holds(asBytes, flipped, { min: signed(bounds.min), max: signed(bounds.max) })
}

function occurs(leaf: Leaf, values: readonly Uint8Array[], bound: Uint8Array): boolean {
  return values.some((value) => (compareValues(leaf, value, bound) ?? 0) === 0)
}

function checkSizes(size: Tree | undefined, pages: readonly DecodedPage[], leaf: Leaf, where: string, report: Report) {
  if (size === undefined) return
  const bytes = integer(size, ids.size.byteArrayBytes)
  const actual = pages.reduce((sum, page) => sum + byteArrayBytes(page), 0)
  report('unencoded bytes', where, bytes === undefined || bytes === actual)
  const check = (id: number, levels: 'repetition' | 'definition', max: number) => {
    const stated = integers(size, id)
    report(
      `${levels} histogram`,
      where,
      stated === undefined || stated.length === 0 || stated.join() === histogram(pages, levels, max).join(),
    )
  }
  check(ids.size.repetitionHistogram, 'repetition', leaf.maxRepetition)
  check(ids.size.definitionHistogram, 'definition', leaf.maxDefinition)
}

function byteArrayBytes({ values }: DecodedPage): number {
  return values.reduce((sum, value) => sum + value.length, 0)
}

function histogram(pages: readonly DecodedPage[], levels: 'repetition' | 'definition', max: number): number[] {
  const counts = new Array<number>(max + 1).fill(0)
  for (const page of pages) for (const level of page[levels]) counts[level]! += 1
  return counts
}

function checkOffsetIndex({ offsetIndex }: ImageChunk, { pages }: DecodedChunk, where: string, report: Report): void {
  if (offsetIndex === undefined) return
  const locations = trees(offsetIndex, ids.offsetIndex.locations)
  report('offset index entries', where, locations.length === pages.length)
  let row = 0
  pages.forEach((decoded, index) => {
    const location = locations[index]
    const { start, stored } = decoded.page
    report('offset index offset', where, integer(location, ids.location.offset) === start)
    report('offset index size', where, integer(location, ids.location.size) === stored.length)
    report('offset index row', where, integer(location, ids.location.firstRow) === row)
    report('indexed page inside a row', where, decoded.repetition.length === 0 || decoded.repetition[0] === 0)
    row += rowsStarting(decoded)
  })
  const bytes = integers(offsetIndex, ids.offsetIndex.byteArrayBytes)
  report('offset index bytes', where, bytes === undefined || bytes.join() === pages.map(byteArrayBytes).join())
}

function checkColumnIndex(chunk: ImageChunk, { pages }: DecodedChunk, where: string, report: Report): void {
  const { columnIndex: index, leaf } = chunk
  if (index === undefined) return
  const c = ids.columnIndex
  const nullPages = (items(index, c.nullPages) ?? []).map((item) => item === 1)
  const mins = binaries(index, c.minValues)
  const maxs = binaries(index, c.maxValues)
  const lengths = [nullPages.length, mins.length, maxs.length]
  report(
    'column index entries',
    where,
    lengths.every((length) => length === pages.length),
  )
  const perPage = (id: number, actual: (page: DecodedPage) => number) => {
    const stated = integers(index, id)
    return stated === undefined || stated.join() === pages.map(actual).join()
  }
  report(
    'column index nulls',
    where,
    perPage(c.nullCounts, (page) => page.definition.length - page.values.length),
  )
  report(
    'column index NaNs',
    where,
    perPage(c.nanCounts, (page) => page.values.filter((v) => isNaNValue(leaf, v)).length),
  )
  pages.forEach((page, at) => {
    report('column index null page', where, nullPages[at] === (page.values.length === 0))
    if (page.values.length === 0) return
    report('column index bounds', where, holds(leaf, page.values, { min: mins[at], max: maxs[at] }))
  })
  report('column index order', where, isOrdered(leaf, integer(index, c.order) ?? 0, mins, maxs, nullPages))
  for (const [id, levels, max] of [
    [c.repetitionHistograms, 'repetition', leaf.maxRepetition],
    [c.definitionHistograms, 'definition', leaf.maxDefinition],
  ] as const) {
    const stated = integers(index, id)
    const actual = pages.flatMap((page) => histogram([page], levels, max))
    report(
      `column index ${levels} histograms`,
      where,
      stated === undefined || stated.length === 0 || stated.join() === actual.join(),
    )
  }
}

function binaries(tree: Tree, id: number): Uint8Array[] {
  return (items(tree, id) ?? []).filter((item) => item instanceof Uint8Array)
}

function isOrdered(leaf: Leaf, order: number, mins: Uint8Array[], maxs: Uint8Array[], nullPages: boolean[]): boolean {
  if (order === 0) return true
  const used = nullPages.flatMap((isNull, at) => (isNull ? [] : [at]))
  return used.every((at, position) => {
    const before = used[position - 1]
    if (before === undefined || Math.max(at, before) >= Math.min(mins.length, maxs.length)) return true
    const [min, max] = [compareValues(leaf, mins[before]!, mins[at]!), compareValues(leaf, maxs[before]!, maxs[at]!)]
    return [min ?? 0, max ?? 0].every((compared) => (order === 1 ? compared <= 0 : compared >= 0))
  })
}
