import { bloomHas, bloomOf, isSubset } from './bloom.ts'
import { compareValues } from './compare-values.ts'
import { type DecodedChunk, decodeChunk } from './decode.ts'
import { codecs, decompressBody } from './decompress.ts'
import type { IsErased } from './erasure-check.ts'
import { ids, pageTypes } from './ids.ts'
import { type Image, type ImageChunk, isDataPage } from './image.ts'
import type { Leaf } from './leaves.ts'
import { binary, child, integer, items, type Tree, trees } from './thrift-tree.ts'

/** Where an erased value survives; `place` names the kind of place. */
export interface Residue {
  readonly place: string
  readonly where: string
}

/** A value of a column that only erased rows hold. */
export interface Canary {
  readonly column: string
  readonly leaf: Leaf
  readonly value: Uint8Array
  /** The row groups, by ordinal in the source, that it was in. */
  readonly groups: ReadonlySet<number>
  /** Long and varied, and no part of any kept value: looked for in raw bytes too, where another would be by chance. */
  readonly isTelling: boolean
}

/** The canaries of a source: every value of an erased row that no kept row has in the same column. */
export function canariesOf(source: Image, isErased: IsErased): Canary[] {
  const columns = source.leaves.map((leaf, column) => ({ leaf, ...sortValues(source, column, isErased) }))
  const separator = Buffer.from('\0\0')
  const keptText = Buffer.concat(
    columns.flatMap(({ kept }) => [...kept.values()].flatMap((value) => [value, separator])),
  )
  return columns.flatMap(({ leaf, kept, erased }) =>
    [...erased].flatMap(([key, { value, groups }]) => {
      if (kept.has(key)) return []
      const isTelling = isVaried(value) && !keptText.includes(Buffer.from(value))
      return { column: leaf.path.join('.'), leaf, value, groups, isTelling }
    }),
  )
}

/** The distinct values of a column's kept rows and of its erased ones, these with the row groups that they are in. */
function sortValues(source: Image, column: number, isErased: IsErased) {
  const kept = new Map<string, Uint8Array>()
  const erased = new Map<string, { value: Uint8Array; groups: Set<number> }>()
  let firstRow = 0
  for (const [index, group] of source.groups.entries()) {
    forEachValue(decodeChunk(group.chunks[column]!), source.leaves[column]!, (row, value) => {
      const key = keyOf(value)
      if (!isErased(firstRow + row)) kept.set(key, value)
      else if (erased.has(key)) erased.get(key)!.groups.add(index)
      else erased.set(key, { value, groups: new Set([index]) })
    })
    firstRow += integer(group.tree, ids.group.numRows) ?? 0
  }
  return { kept, erased }
}

/** Bytes that no other data has by chance: 7 or more, of 5 kinds or more. */
function isVaried(value: Uint8Array): boolean {
  return value.length >= 7 && new Set(value).size >= 5
}

function forEachValue(decoded: DecodedChunk, leaf: Leaf, visit: (row: number, value: Uint8Array) => void): void {
  let row = -1
  for (const { repetition, definition, values } of decoded.pages) {
    let next = 0
    definition.forEach((level, entry) => {
      if (repetition[entry] === 0) row += 1
      if (level === leaf.maxDefinition) visit(row, values[next++]!)
    })
  }
}

const keyOf = (value: Uint8Array): string => Buffer.from(value).toString('latin1')

/** Raw bytes are searched for so many canaries, taken evenly: each costs a pass over all bytes. */
const maxNeedles = 300

export interface FindResidueOptions {
  /** The ordinal in the source of each row group of the output; by default the same. */
  readonly sourceGroups?: readonly number[]
}

/** Everything of the canaries that an output still holds, by a search of each kind of place. */
export function findResidue(
  output: Image,
  canaries: readonly Canary[],
  { sourceGroups }: FindResidueOptions = {},
): Residue[] {
  const residue: Residue[] = []
  const report = (place: string, where: string): number => residue.push({ place, where })
  const telling = canaries.filter(({ isTelling }) => isTelling)
  const step = Math.ceil(telling.length / maxNeedles)
  const long = telling.filter((_, index) => index % step === 0).map(({ value }) => Buffer.from(value))
  scan(output.bytes, long, () => report('raw bytes', 'file'))
  const columns = Map.groupBy(canaries, ({ column }) => column)
  scanBetween(output, long, report)
  for (const [index, group] of output.groups.entries()) {
    const sourceGroup = sourceGroups?.[index] ?? index
    for (const chunk of group.chunks) {
      const where = `group ${index} ${chunk.leaf.path.join('.')}`
      const own = columns.get(chunk.leaf.path.join('.')) ?? []
      searchChunk(chunk, { own, long, sourceGroup }, (place) => report(place, where))
    }
  }
  return residue
}

interface Sought {
  /** The canaries of the chunk's column. */
  readonly own: readonly Canary[]
  readonly long: readonly Buffer[]
  readonly sourceGroup: number
}

type Report = (place: string) => void

function scan(bytes: Uint8Array, needles: readonly Buffer[], found: () => void): void {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (needles.some((needle) => haystack.includes(needle))) found()
}

function scanBetween(output: Image, long: readonly Buffer[], report: (place: string, where: string) => void): void {
  for (const { start, end, what } of output.gaps) {
    scan(output.bytes.subarray(start, end), long, () => report('gap', what))
  }
  scan(output.footerTail, long, () => report('footer tail', 'footer'))
  for (const pair of trees(output.footer, ids.file.keyValues)) {
    scan(binary(pair, ids.keyValue.value) ?? new Uint8Array(0), long, () => report('key-value metadata', 'file'))
  }
}

function searchChunk(chunk: ImageChunk, { own, long, sourceGroup }: Sought, report: Report): void {
  const decoded = decodeChunk(chunk)
  const isIn = (values: readonly Uint8Array[], sought: readonly Canary[]): boolean => {
    const keys = new Set(sought.map(({ value }) => keyOf(value)))
    return values.some((value) => keys.has(keyOf(value)))
  }
  if (
    isIn(
      decoded.pages.flatMap(({ values }) => values),
      own,
    )
  )
    report('data page')
  // A placeholder that is derived from nothing may by chance be what a row of another row group had, and so may what a
  // filter seems to hold.
  const ofGroup = own.filter(({ groups }) => groups.has(sourceGroup))
  if (isIn(decoded.dictionary ?? [], ofGroup)) report('dictionary')
  scanBodies(chunk, decoded, long, report)
  for (const pair of trees(chunk.meta, ids.meta.keyValues)) {
    scan(binary(pair, ids.keyValue.value) ?? new Uint8Array(0), long, () => report('column key-value metadata'))
  }
  const present = new Set(decoded.pages.flatMap(({ values }) => values.map(keyOf)))
  const hasZero = decoded.pages.some(({ values }) => values.some((value) => isZero(chunk.leaf, value)))
  const tells = (bound: Uint8Array | undefined): boolean => {
    // Bounds give a zero the sign that covers both zeros.
    return bound !== undefined && !(hasZero && isZero(chunk.leaf, bound)) && isResidue(bound, own, present)
  }
  const searchStatistics = (statistics: Tree | undefined, place: string): void => {
    const { max, min, maxValue, minValue } = ids.statistics
    if ([max, min].some((id) => tells(binary(statistics, id)))) report(`${place} (old fields)`)
    if ([maxValue, minValue].some((id) => tells(binary(statistics, id)))) report(place)
  }
  searchStatistics(child(chunk.meta, ids.meta.statistics), 'statistics')
  for (const { header } of chunk.pages.filter(isDataPage)) {
    searchStatistics(child(child(header, ids.page.v1), ids.v1.statistics), 'page statistics')
    searchStatistics(child(child(header, ids.page.v2), ids.v2.statistics), 'page statistics')
  }
  // What stands for the bounds of a page of nulls is empty, and no value.
  const nullPages = items(chunk.columnIndex, ids.columnIndex.nullPages) ?? []
  const bounds = [ids.columnIndex.minValues, ids.columnIndex.maxValues].flatMap((id) =>
    (items(chunk.columnIndex, id) ?? []).filter(
      (bound, page): bound is Uint8Array => nullPages[page] !== 1 && bound instanceof Uint8Array,
    ),
  )
  if (bounds.some(tells)) report('column index')
  searchBloom(chunk, decoded, ofGroup, report)
}

function isZero(leaf: Leaf, value: Uint8Array): boolean {
  return leaf.order === 'float' && compareValues(leaf, value, new Uint8Array(value.length)) === 0
}

function scanBodies(chunk: ImageChunk, decoded: DecodedChunk, long: readonly Buffer[], report: Report): void {
  for (const { plainBody } of decoded.pages) scan(plainBody, long, () => report('decompressed page'))
  const codec = codecs[integer(chunk.meta, ids.meta.codec) ?? 0]!
  for (const { header, body } of chunk.pages) {
    if (integer(header, ids.page.type) !== pageTypes.dictionary) continue
    const plain = decompressBody(codec, body, integer(header, ids.page.uncompressedSize) ?? 0)
    scan(plain, long, () => report('decompressed dictionary'))
  }
}

/**
 * A bound that no value of the chunk has, and that an erased one equals or, for bytes, begins with; the last byte of a
 * shortened upper bound may be one more than the value's. A prefix that a kept value has too tells nothing.
 */
function isResidue(bound: Uint8Array, own: readonly Canary[], present: ReadonlySet<string>): boolean {
  const text = keyOf(bound)
  if (present.has(text)) return false
  if (own.some(({ value }) => keyOf(value) === text)) return true
  const isBytes = own[0]?.leaf.type === 'BYTE_ARRAY' || own[0]?.leaf.type === 'FIXED_LEN_BYTE_ARRAY'
  if (!isBytes || bound.length < 3) return false
  const lower = Buffer.from(bound)
  lower[lower.length - 1]! -= 1
  const prefixes = [text, keyOf(lower)]
  const startsLike = (value: string): boolean => prefixes.some((prefix) => value.startsWith(prefix))
  return own.some(({ value }) => startsLike(keyOf(value))) && ![...present].some(startsLike)
}

/** Probes for every canary; where one seems to be in, the filter may hold no bit that the present values do not set. */
function searchBloom({ bloom }: ImageChunk, decoded: DecodedChunk, own: readonly Canary[], report: Report): void {
  if (bloom === undefined || !own.some(({ value }) => bloomHas(bloom.bits, value))) return
  const present = new Map(decoded.pages.flatMap(({ values }) => values.map((value) => [keyOf(value), value])))
  if (!isSubset(bloom.bits, bloomOf(bloom.bits.length, present.values()))) report('bloom filter')
}
