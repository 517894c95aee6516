import { decodeValues } from '../decode-values.ts'
import { DeltaByteArrays } from '../delta-byte-array.ts'
import { dictionaryIndices } from '../dictionary-indices.ts'
import { countPresent, forEachLevelRun } from '../levels.ts'
import { malformed } from '../malformed.ts'
import type { LevelSection, PageSections } from '../page-body.ts'
import { valueWidth } from '../plain-values.ts'
import { rleBooleans } from '../rle-boolean.ts'
import { HybridRuns, type HybridSection } from '../rle-hybrid.ts'
import type { LeafColumn } from '../schema.ts'
import { viewOf } from '../view-of.ts'
import type { Hits } from './hits.ts'
import type { KeyMatcher } from './key-matcher.ts'

/** What the entries of a chunk's dictionary equal. */
export interface DictionaryMatches {
  /** For each dictionary entry the entry of the matcher that it equals, or -1. */
  readonly entries: Int32Array
  readonly hasMatch: boolean
}

export interface PageScan {
  readonly column: LeafColumn
  readonly matcher: KeyMatcher
  readonly dictionary: DictionaryMatches | undefined
  /** Ordinal in the row group of the page's first row. */
  readonly firstRow: number
  /** Used for the values of the page; what it held is lost. */
  readonly scratch: Hits
}

/** Whether a page's values are indices into the chunk's dictionary. */
export function isDictionaryEncoded({ encoding }: Pick<PageSections, 'encoding'>): boolean {
  return encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY'
}

/**
 * Adds the rows of a page, of a column without repetition, whose value equals an entry of the matcher.
 * Yields how many of the page's values are not null.
 *
 * @throws LetheError `malformed`, `unsupported`, `limit-exceeded`
 */
export function scanPage(page: PageSections, scan: PageScan, rows: Hits): number {
  const { definitionLevels, numValues } = page
  const { maxDefinitionLevel } = scan.column
  const present =
    definitionLevels === undefined ? numValues : countPresent(definitionLevels, numValues, maxDefinitionLevel)
  const hits = scan.scratch
  hits.clear()
  scanValues(page, { ...scan, present }, hits)
  if (hits.count === 0) return present
  if (definitionLevels === undefined || present === numValues) {
    for (let hit = 0; hit < hits.count; hit += 1) {
      rows.add(scan.firstRow + hits.starts[hit]!, scan.firstRow + hits.ends[hit]!, hits.entries[hit]!)
    }
  } else {
    addRows(hits, { definitionLevels, numValues, scan }, rows)
  }
  return present
}

function scanValues(
  { encoding, values }: PageSections,
  { column, matcher, dictionary, present }: PageScan & { readonly present: number },
  hits: Hits,
): void {
  if (isDictionaryEncoded({ encoding })) {
    if (dictionary === undefined) throw malformed('a page refers to a dictionary that is not there')
    scanIndices(dictionaryIndices(values, present), dictionary, hits)
  } else if (encoding === 'PLAIN' && column.physicalType === 'BYTE_ARRAY') {
    matcher.scanPlainByteArrays(values, present, hits)
  } else if (encoding === 'RLE' && column.physicalType === 'BOOLEAN' && present > 0) {
    scanIndices(rleBooleans(values, present), matchBooleans(matcher), hits)
  } else if (encoding === 'DELTA_BYTE_ARRAY' && present > 0) {
    scanDeltaByteArrays(values, { column, matcher, present }, hits)
  } else {
    matcher.scan(decodeValues({ encoding, values, count: present, column }), hits)
  }
}

const batchSize = 8192

function scanIndices(section: HybridSection, { entries, hasMatch }: DictionaryMatches, hits: Hits): void {
  const batch = new Uint32Array(Math.min(batchSize, section.numValues))
  const runs = new HybridRuns(section)
  while (runs.next()) {
    if (runs.isRepeated) {
      const entry = entries[runs.value]
      if (entry === undefined) throw malformed('an index reaches beyond the dictionary')
      if (entry !== -1) hits.add(runs.firstValue, runs.firstValue + runs.count, entry)
      continue
    }
    for (let skip = 0; skip < runs.count; skip += batchSize) {
      const count = Math.min(batchSize, runs.count - skip)
      runs.unpack(batch, { skip, count })
      if (hasMatch) addMatches(batch, { entries, count, first: runs.firstValue + skip }, hits)
    }
  }
}

function addMatches(
  indices: Uint32Array,
  { entries, count, first }: { readonly entries: Int32Array; readonly count: number; readonly first: number },
  hits: Hits,
): void {
  const size = entries.length
  for (let index = 0; index < count; index += 1) {
    const value = indices[index]!
    if (value >= size) throw malformed('an index reaches beyond the dictionary')
    const entry = entries[value]!
    if (entry !== -1) hits.add(first + index, first + index + 1, entry)
  }
}

/** Booleans are indices into the dictionary of false and true. */
function matchBooleans(matcher: KeyMatcher): DictionaryMatches {
  const both = viewOf(Uint8Array.of(0, 1))
  const entries = Int32Array.of(matcher.find(both, 0, 1), matcher.find(both, 1, 2))
  return { entries, hasMatch: entries.some((entry) => entry !== -1) }
}

/** One value at a time: a page of them can stand for terabytes. */
function scanDeltaByteArrays(
  bytes: Uint8Array,
  { column, matcher, present }: Pick<PageScan, 'column' | 'matcher'> & { readonly present: number },
  hits: Hits,
): void {
  const width = valueWidth(column)
  const values = new DeltaByteArrays(bytes, present)
  for (let index = 0; values.next(); index += 1) {
    if (width !== undefined && values.length !== width) throw malformed('a value has not its fixed length')
    const entry = matcher.find(values.view, 0, values.length)
    if (entry !== -1) hits.add(index, index + 1, entry)
  }
}

/** From ordinals among the values that are there to rows: nulls lie between them. */
function addRows(
  hits: Hits,
  {
    definitionLevels,
    numValues,
    scan,
  }: { readonly definitionLevels: LevelSection; readonly numValues: number; readonly scan: PageScan },
  rows: Hits,
): void {
  let value = 0
  let hit = 0
  forEachLevelRun(definitionLevels, numValues, (level, first, count) => {
    if (level !== scan.column.maxDefinitionLevel) return
    const toRow = scan.firstRow + first - value
    const end = value + count
    while (hit < hits.count && hits.starts[hit]! < end) {
      rows.add(toRow + Math.max(value, hits.starts[hit]!), toRow + Math.min(end, hits.ends[hit]!), hits.entries[hit]!)
      if (hits.ends[hit]! > end) break
      hit += 1
    }
    value = end
  })
}
