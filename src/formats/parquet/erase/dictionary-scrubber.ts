import type { ColumnChunkInfo } from '../column-chunk.ts'
import { countPresent } from '../levels.ts'
import { malformed } from '../malformed.ts'
import { DictionaryPageHeader, PageHeader } from '../metadata.ts'
import { releasePage, splitPage } from '../page-body.ts'
import type { DataPageHead } from '../page-header.ts'
import { copyStruct, getField, requireField, setField } from '../thrift-fields.ts'
import { choosePlaceholders } from './choose-placeholders.ts'
import { ChunkDictionary } from './chunk-dictionary.ts'
import { type ChunkPage, keptPage } from './chunk-page.ts'
import type { CompressionLevels } from './compression-level.ts'
import type { ErasedFacts } from './erased-facts.ts'
import type { PagePlace, PageWalk } from './page-walk.ts'
import type { PageWriter } from './page-writer.ts'
import { gone, type IndexMap } from './remap-indices.ts'

export type DataPlace = PagePlace & { readonly head: DataPageHead }

interface Scrubbing {
  readonly chunk: ColumnChunkInfo
  readonly place: PagePlace
  readonly walk: PageWalk
  readonly writer: PageWriter
  readonly levels: CompressionLevels
  /** Where the dictionary is to be rebuilt: the entries that it keeps. */
  readonly keptEntries: readonly number[] | undefined
}

export type ScrubOutcome =
  /** The new dictionary page, and the entries of erased rows that are in it no more. */
  | { readonly kind: 'page'; readonly page: ChunkPage; readonly gone: readonly number[] }
  /** The dictionary must be written anew, with these entries alone. */
  | { readonly kind: 'rebuild'; readonly keptEntries: readonly number[] }

/**
 * Rids a chunk's dictionary of what only erased rows used. Which entries those are is known when every page of indices
 * was looked at; mostly the pages that were edited anyway show that all are still in use, and no other is read.
 *
 * The dictionary itself is read when it is first needed.
 */
export class DictionaryScrubber {
  readonly #scrubbing: Scrubbing
  #dictionary: ChunkDictionary | undefined
  /** Kept pages of indices, whose entries are not noted yet. */
  readonly #unread: DataPlace[] = []
  /** Every page of indices was looked at. */
  #usesAreKnown = false
  #indexMap: IndexMap | undefined

  constructor(scrubbing: Scrubbing) {
    this.#scrubbing = scrubbing
  }

  /** From the old entries to the new ones, where the dictionary is rebuilt. */
  get indexMap(): IndexMap | undefined {
    return this.#indexMap
  }

  /** To be called before an entry is asked for. */
  async load(): Promise<ChunkDictionary> {
    if (this.#dictionary !== undefined) return this.#dictionary
    const { place, walk, chunk, keptEntries } = this.#scrubbing
    this.#dictionary = new ChunkDictionary({ ...place, body: await walk.ownBody(place) }, chunk)
    if (keptEntries !== undefined) {
      this.#usesAreKnown = true
      this.#indexMap = new Uint32Array(this.#dictionary.size).fill(gone)
      for (const [index, entry] of keptEntries.entries()) this.#indexMap[entry] = index
    }
    return this.#dictionary
  }

  /** Gives back the memory of the entries: to be called when none of them is used any more. */
  release(): void {
    this.#dictionary?.release()
  }

  /** An entry as pages of the source point at it. */
  entry(index: number): Uint8Array {
    return this.#dictionary!.entry(index)
  }

  /** An entry as pages of the new chunk point at it. */
  newEntry(index: number): Uint8Array {
    const { keptEntries } = this.#scrubbing
    return this.#dictionary!.entry(keptEntries === undefined ? index : keptEntries[index]!)
  }

  noteKept(place: DataPlace): void {
    this.#unread.push(place)
  }

  /** Notes the indices that are left of an edited page. */
  noteEdited({ values, numPresent }: { readonly values: Uint8Array; readonly numPresent: number }): void {
    if (this.#indexMap === undefined) this.#dictionary!.markUsed(values, numPresent)
  }

  /** The entries that rows of the new chunk use; undefined where that is not known of all. */
  usedEntries(): Uint8Array[] | undefined {
    const dictionary = this.#dictionary
    if (dictionary === undefined || !this.#usesAreKnown) return undefined
    return (this.#scrubbing.keptEntries ?? dictionary.entries('used')).map((entry) => dictionary.entry(entry))
  }

  /** To be called when all data pages were dealt with. */
  async scrub(facts: ErasedFacts): Promise<ScrubOutcome> {
    const { place, keptEntries, chunk } = this.#scrubbing
    if (keptEntries !== undefined) {
      const kept = new Set(keptEntries)
      const page = await this.#writePage({ keptEntries })
      return { kind: 'page', page, gone: [...facts.entries].filter((index) => !kept.has(index)) }
    }
    const suspects = await this.#suspects(facts)
    if (suspects.length === 0 || !(await this.#isAnyUnused(suspects))) {
      return { kind: 'page', page: keptPage(place), gone: [] }
    }
    const dictionary = await this.load()
    // All entries without a use go, those that were there before too: they may be a person's from another day.
    const entries = dictionary.entries('unused')
    const replacements = choosePlaceholders(dictionary, { column: chunk.column, entries, erased: facts.plainValues })
    if (replacements === undefined) return { kind: 'rebuild', keptEntries: dictionary.entries('used') }
    const page = await this.#writePage({ replacements })
    return { kind: 'page', page, gone: [...facts.entries].filter((index) => !dictionary.isUsed(index)) }
  }

  /** Entries that an erased row used, or that equal one of its values that stood outside the dictionary. */
  async #suspects({ entries, plainValues }: ErasedFacts): Promise<number[]> {
    if (plainValues.count === 0) return [...entries]
    const equal = (await this.load()).entriesIn(plainValues)
    return [...new Set([...entries, ...equal])]
  }

  async #isAnyUnused(suspects: readonly number[]): Promise<boolean> {
    const { chunk, walk } = this.#scrubbing
    const dictionary = await this.load()
    let pending = suspects.filter((index) => !dictionary.isUsed(index))
    for (const place of this.#unread) {
      if (pending.length === 0) return false
      const sections = splitPage({ head: place.head, body: await walk.body(place) }, chunk)
      const { values, definitionLevels, numValues } = sections
      const { maxDefinitionLevel } = chunk.column
      const count =
        definitionLevels === undefined ? numValues : countPresent(definitionLevels, numValues, maxDefinitionLevel)
      dictionary.markUsed(values, count)
      releasePage(sections)
      pending = pending.filter((index) => !dictionary.isUsed(index))
    }
    this.#usesAreKnown = true
    return pending.length > 0
  }

  async #writePage(
    content: { readonly replacements: ReadonlyMap<number, Uint8Array> } | { readonly keptEntries: readonly number[] },
  ): Promise<ChunkPage> {
    const { chunk, writer, place, levels } = this.#scrubbing
    const dictionary = await this.load()
    const sink = await writer.sink()
    if ('replacements' in content) dictionary.writeReplaced(sink, content.replacements)
    else dictionary.writeKept(sink, content.keptEntries)
    const numValues = 'replacements' in content ? dictionary.size : content.keptEntries.length
    const sample = () => ({ bytes: dictionary.bytes, storedBytes: place.head.compressedBytes })
    const header = copyStruct(place.head.struct)
    const head = requireField(header, PageHeader.dictionaryPageHeader)
    setField(head, DictionaryPageHeader.numValues, numValues)
    // Placeholders are in no order.
    if (getField(head, DictionaryPageHeader.isSorted) === true) setField(head, DictionaryPageHeader.isSorted, false)
    const unsealed = {
      header,
      levels: sink.view(sink.size),
      content: sink.view(),
      codec: chunk.codec,
      options: levels.of(chunk, sample),
      numValues,
    }
    let page = keptPage(place)
    await writer.write(place, unsealed, (written) => {
      page = written
    })
    await writer.finish()
    return page
  }
}

/** @throws LetheError `malformed` where a chunk has none that its pages could point into */
export function requireDictionary(scrubber: DictionaryScrubber | undefined): DictionaryScrubber {
  if (scrubber === undefined) throw malformed('a page points into a dictionary that its chunk has not')
  return scrubber
}
