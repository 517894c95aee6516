import { type DecodedPage, decodeChunk, rowTexts } from './decode.ts'
import { ids, pageTypes } from './ids.ts'
import { type Image, type ImageChunk, type ImageGroup, isDataPage } from './image.ts'
import { type Fault, faultsOf } from './physical-check.ts'
import { integer, type Tree, writeTree } from './thrift-tree.ts'

/** Whether the row of that ordinal in the source was to go. */
export type IsErased = (row: number) => boolean

/**
 * What is wrong with an output that should be the source without some rows: rows that differ, descriptions that were to
 * stay and did not, pages without an erased row that are no longer the same bytes, faults that the source has not.
 */
export function erasureFaults(source: Image, output: Image, isErased: IsErased): Fault[] {
  const excused = new Set(faultsOf(source).map(faultKey))
  const faults = faultsOf(output).filter((fault) => neverExcused.has(fault.kind) || !excused.has(faultKey(fault)))
  const report = (kind: string, where: string, ok: boolean): void => {
    if (!ok) faults.push({ kind, where })
  }
  sameFields(source.footer, output.footer, footerFields, (name) => report(`changed ${name}`, 'footer', false))
  const pairs = pairGroups(source, output, isErased)
  report('row groups', 'file', pairs.every(({ kept }) => kept !== undefined) && pairs.length === output.groups.length)
  for (const { group, kept, firstRow, index } of pairs) {
    if (kept === undefined) continue
    const isRowErased = (row: number): boolean => isErased(firstRow + row)
    sameFields(group.tree, kept.tree, { 'sorting columns': ids.group.sorting }, (name) =>
      report(`changed ${name}`, `group ${index}`, false),
    )
    group.chunks.forEach((chunk, column) => {
      const where = `group ${index} ${chunk.leaf.path.join('.')}`
      const keptChunk = kept.chunks[column]
      report('chunk is missing', where, keptChunk !== undefined)
      if (keptChunk !== undefined) {
        compareChunks(chunk, keptChunk, isRowErased, (kind) => report(kind, where, false))
      }
    })
  }
  return faults
}

/** These are never carried over, whatever the source had. */
const neverExcused: ReadonlySet<string> = new Set(['gap', 'overlap', 'footer tail'])

/** A fault of a writer comes back in other groups and pages of the same column. */
function faultKey({ kind, where }: Fault): string {
  return `${kind} ${where.replace(/group \d+/, '').replace(/ page \d+/, '')}`
}

const footerFields = {
  version: 1,
  schema: ids.file.schema,
  'key-value metadata': ids.file.keyValues,
  created_by: ids.file.createdBy,
  'column orders': ids.file.columnOrders,
}

const chunkFields = {
  type: ids.meta.type,
  path: ids.meta.path,
  codec: ids.meta.codec,
  'key-value metadata of a column': ids.meta.keyValues,
}

function sameFields(a: Tree, b: Tree, fields: Readonly<Record<string, number>>, differs: (name: string) => void): void {
  for (const [name, id] of Object.entries(fields)) {
    const [x, y] = [a.get(id), b.get(id)]
    const alone = (field: typeof x) => Buffer.from(writeTree(new Map(field === undefined ? [] : [[id, field]])))
    if (!alone(x).equals(alone(y))) differs(name)
  }
}

interface Pair {
  readonly group: ImageGroup
  readonly kept: ImageGroup | undefined
  readonly firstRow: number
  readonly index: number
}

/** The ordinals of the source's row groups that the output's come from, in order. */
export function sourceGroups(source: Image, output: Image, isErased: IsErased): number[] {
  return pairGroups(source, output, isErased).map(({ index }) => index)
}

/** Row groups of the source that keep a row, each with its successor; groups that never had rows may be kept or not. */
function pairGroups(source: Image, output: Image, isErased: IsErased): Pair[] {
  let firstRow = 0
  let next = 0
  const pairs: Pair[] = []
  source.groups.forEach((group, index) => {
    const rows = integer(group.tree, ids.group.numRows) ?? 0
    const keepsRows = Array.from({ length: rows }, (_, row) => firstRow + row).some((row) => !isErased(row))
    const isEmptyInBoth = rows === 0 && integer(output.groups[next]?.tree, ids.group.numRows) === 0
    if (keepsRows || isEmptyInBoth) pairs.push({ group, kept: output.groups[next++], firstRow, index })
    firstRow += rows
  })
  return pairs
}

function compareChunks(
  source: ImageChunk,
  output: ImageChunk,
  isErased: IsErased,
  fault: (kind: string) => void,
): void {
  sameFields(source.meta, output.meta, chunkFields, (name) => fault(`changed ${name}`))
  const [before, after] = [decodeChunk(source), decodeChunk(output)]
  const expected = rowTexts(before, source.leaf).filter((_, row) => !isErased(row))
  const actual = rowTexts(after, output.leaf)
  if (actual.length !== expected.length) fault('wrong number of rows')
  else if (actual.some((text, row) => text !== expected[row])) fault('a kept row differs')

  const isRebuilt = dictionaryLength(source) !== dictionaryLength(output)
  const touched = touchedPages(before.pages, isErased)
  const untouched = before.pages.filter((page, index) => !touched[index] && !(isRebuilt && page.indices !== undefined))
  const outputPages = output.pages.filter(isDataPage).map(({ stored }) => Buffer.from(stored))
  let position = 0
  for (const { page } of untouched) {
    while (position < outputPages.length && !outputPages[position]!.equals(page.stored)) position += 1
    if (position === outputPages.length) {
      fault('an untouched page has other bytes')
      return
    }
    position += 1
  }
}

function dictionaryLength({ pages }: ImageChunk): number {
  const dictionary = pages.find(({ header }) => integer(header, ids.page.type) === pageTypes.dictionary)
  return dictionary === undefined ? -1 : (integer(dictionary.header, ids.page.uncompressedSize) ?? -1)
}

/** For each data page whether it holds anything of an erased row. */
export function touchedPages(pages: readonly DecodedPage[], isErased: IsErased): boolean[] {
  let row = -1
  return pages.map(({ repetition }) => {
    let touched = false
    for (const level of repetition) {
      if (level === 0) row += 1
      touched ||= isErased(row)
    }
    return touched
  })
}
