import { chooseColumn } from '../../domain/column.ts'
import { LetheError } from '../../domain/error.ts'
import { partitionsBeside } from '../../domain/partition.ts'
import type { TupleGroup } from '../../domain/predicate.ts'
import { type TupleLookup, tupleLookupOf } from '../../domain/tuple-lookup.ts'
import type { Search } from '../format.ts'
import { bytesOf, type Units } from './encoding.ts'
import type { Layout } from './layout.ts'
import { cellForm, type RecordParser, unescapeCell } from './record-parser.ts'
import { noText, type TextIndex, textIndexOf, undecided } from './text-index.ts'

/** Where a column of a match is: in the record, by the slot of the parser; or in every row alike, from a folder. */
type Operand =
  | { readonly kind: 'cell'; readonly slot: number; readonly texts: TextIndex }
  | { readonly kind: 'folder'; readonly id: number }

interface Alternative {
  readonly operands: readonly Operand[]
  /** Of the record that is looked at: for each operand the text that it equals. */
  readonly ids: Int32Array
  readonly lookup: TupleLookup
  readonly positions: Uint32Array
}

const apostrophe = 0x27

/** The predicate as it is tested on the records of one object. Makes no object for a record that does not match. */
export class RowMatcher {
  /** Indexes of the cells that are looked at: what the parser has to place. */
  readonly cells: readonly number[]
  /** Those of the columns which matches name that the object has, folders included. */
  readonly columns: ReadonlySet<string>
  readonly #alternatives: readonly Alternative[]
  readonly #layout: Layout
  readonly #isQuoteGiven: boolean

  /** @throws LetheError `ambiguous-column` */
  constructor(search: Pick<Search, 'predicate' | 'partitions'>, layout: Layout, { isQuoteGiven }: RowMatcherOptions) {
    const operands = new Operands(search, layout)
    this.#alternatives = search.predicate.groups.flatMap((group) => alternativeOf(group, operands) ?? [])
    this.cells = operands.cells
    this.columns = operands.columns
    this.#layout = layout
    this.#isQuoteGiven = isQuoteGiven
  }

  /**
   * Adds the positions of the matches that the parser's last record fulfils.
   *
   * @throws LetheError `unsupported` where whether a cell equals a text depends on what is not certain.
   */
  match(units: Units, parser: RecordParser, positions: Set<number>): void {
    for (let index = 0; index < this.#alternatives.length; index += 1) {
      const alternative = this.#alternatives[index]!
      if (!this.#takeIds(alternative, units, parser)) continue
      const tuple = alternative.lookup.ofOne(alternative.ids)
      if (tuple !== -1) positions.add(alternative.positions[tuple]!)
    }
  }

  /** Puts the ids of the record's texts into `ids`; false where a column has none. */
  #takeIds({ operands, ids }: Alternative, units: Units, parser: RecordParser): boolean {
    for (let index = 0; index < operands.length; index += 1) {
      const operand = operands[index]!
      const id = operand.kind === 'folder' ? operand.id : this.#idOf(operand, units, parser)
      if (id === noText) return false
      ids[index] = id
    }
    return true
  }

  #idOf({ slot, texts }: Extract<Operand, { kind: 'cell' }>, units: Units, parser: RecordParser): number {
    const form = parser.forms[slot]!
    if (form === cellForm.missing) return noText
    const start = parser.starts[slot]!
    const end = parser.ends[slot]!
    const isAsItIs = form === cellForm.bare || form === cellForm.quoted
    const id = isAsItIs ? texts.find(units, start, end) : this.#idOfEscaped(texts, bytesOf(units, start, end), form)
    if (id === undecided) {
      throw new LetheError(
        'unsupported',
        'cells that a match looks at are neither UTF-8 nor Latin-1; give the encoding',
      )
    }
    if (start < end && units[start] === apostrophe && id === noText && form === cellForm.bare && !this.#isQuoteGiven) {
      requireNoOtherQuote(texts, { units, start, end })
    }
    return id
  }

  #idOfEscaped(texts: TextIndex, bytes: Buffer, form: number): number {
    const { encoding, dialect } = this.#layout
    if (encoding.unitBytes === 2) return texts.findText(unescapeCell(bytes.toString('utf16le'), form, dialect))
    const unescaped = Buffer.from(unescapeCell(bytes.toString('latin1'), form, dialect), 'latin1')
    return texts.find(new Uint8Array(unescaped), 0, unescaped.length)
  }
}

export interface RowMatcherOptions {
  /** Otherwise a cell between apostrophes that would match without them refuses the object. */
  readonly isQuoteGiven: boolean
}

/** `'42'` is the text with its apostrophes, or 42 in a file whose quote is the apostrophe: the one is not the other. */
function requireNoOtherQuote(
  texts: TextIndex,
  { units, start, end }: { units: Units; start: number; end: number },
): void {
  if (end - start < 2 || units[end - 1] !== apostrophe || texts.find(units, start + 1, end - 1) === noText) return
  throw new LetheError('unsupported', 'whether the apostrophe is a quote is not certain; give the quote')
}

/** Undefined where a column is nowhere, or where the folders give it another value: then no row can match. */
function alternativeOf(group: TupleGroup, operands: Operands): Alternative | undefined {
  const all = group.columns.map((name, column) => operands.of(name, group.texts[column]!))
  const known = all.filter((operand) => operand !== undefined)
  if (known.length < all.length) return undefined
  if (known.some((operand) => operand.kind === 'folder' && operand.id === noText)) return undefined
  return {
    operands: known,
    ids: new Int32Array(known.length),
    lookup: tupleLookupOf(group),
    positions: group.positions,
  }
}

/** Finds the columns of matches among those of the object, then those of its folders, and collects what it found. */
class Operands {
  readonly cells: number[] = []
  readonly columns = new Set<string>()
  readonly #search: Pick<Search, 'predicate' | 'partitions'>
  readonly #layout: Layout
  readonly #partitions: Search['partitions']

  constructor(search: Pick<Search, 'predicate' | 'partitions'>, layout: Layout) {
    this.#search = search
    this.#layout = layout
    this.#partitions = partitionsBeside(search.partitions, layout.columns)
  }

  of(name: string, texts: readonly string[]): Operand | undefined {
    const { columns, encoding } = this.#layout
    const choice = chooseColumn(name, [...columns, ...this.#partitions.map((partition) => partition.name)])
    if (choice.kind === 'ambiguous') throw ambiguous(this.#search.predicate.columns.get(name)!)
    if (choice.kind === 'none') return undefined
    this.columns.add(name)
    const index = textIndexOf(texts, encoding)
    const partition = this.#partitions[choice.index - columns.length]
    if (partition !== undefined) {
      return { kind: 'folder', id: partition.value === null ? noText : index.findText(partition.value) }
    }
    if (!this.cells.includes(choice.index)) this.cells.push(choice.index)
    return { kind: 'cell', slot: this.cells.indexOf(choice.index), texts: index }
  }
}

function ambiguous(position: number): LetheError {
  return new LetheError('ambiguous-column', `match ${position + 1} names a column of which there are several`, {
    detail: { position },
  })
}
