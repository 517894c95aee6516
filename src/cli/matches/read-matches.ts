import { LetheError } from '../../domain/error.ts'
import { type ColumnValue, hasEdgeSpace } from '../../domain/match.ts'
import { makeBinding, type Predicate } from '../../domain/predicate.ts'
import { matchBytes } from './match-bytes.ts'
import { matchLines } from './match-lines.ts'
import { parseMatchFlag } from './parse-match-flag.ts'

export interface MatchArguments {
  /** The `--match` options, in their order. */
  readonly flags: readonly string[]
  /** The file of `--matches`; `-` is standard input. */
  readonly file: string | undefined
}

/** All matches of a run. Positions count the `--match` options first, then the lines of the file. */
export interface Matches {
  readonly predicate: Predicate
  /** Where a match was given, in words, e.g. `line 7 of the matches`. */
  placeOf(position: number): string
  /** Where the columns of a match were named, in words: for CSV the header. */
  namesPlaceOf(position: number): string
  /** Places of matches whose value begins or ends with white space, which is never trimmed; the first ones. */
  readonly edgeSpaces: readonly string[]
  /** How many there are of these. */
  readonly edgeSpaceCount: number
}

const maxEdgeSpaces = 100

/**
 * Reads the matches as they come: what is kept of a million of them is their texts, once each.
 *
 * @throws LetheError `invalid-match` where one is none, with its line number, or where there is none at all;
 *   `invalid-argument` where the file cannot be read.
 */
export async function readMatches(
  { flags, file }: MatchArguments,
  { signal }: { readonly signal: AbortSignal },
): Promise<Matches> {
  const matches = new MatchCollector(flags.length)
  flags.forEach((flag, index) => {
    matches.add(parseMatchFlag(flag, index + 1))
  })
  if (file !== undefined) {
    for await (const lines of matchLines(matchBytes(file, { signal }))) {
      for (const { number, namesNumber, values } of lines) matches.addLine(values, { number, namesNumber })
    }
    if (matches.count === flags.length) throw new LetheError('invalid-match', 'the file of --matches holds no match')
  }
  if (matches.count === 0) {
    throw new LetheError('invalid-match', 'no match is given; say whom to look for with --matches or --match')
  }
  return matches.build()
}

class MatchCollector {
  readonly #flagCount: number
  readonly #binding = makeBinding()
  /** Of each match of the file its line, and the line that names its columns. */
  readonly #lines: number[] = []
  readonly #namesLines: number[] = []
  readonly #edgeSpaces: number[] = []
  #edgeSpaceCount = 0
  count = 0

  constructor(flagCount: number) {
    this.#flagCount = flagCount
  }

  addLine(values: readonly ColumnValue[], { number, namesNumber }: { number: number; namesNumber: number }): void {
    this.#lines.push(number)
    this.#namesLines.push(namesNumber)
    this.add(values)
  }

  add(values: readonly ColumnValue[]): void {
    const position = this.count
    this.count += 1
    this.#binding.add({ kind: 'composite', values, position })
    if (!values.some(({ value }) => hasEdgeSpace(value))) return
    this.#edgeSpaceCount += 1
    if (this.#edgeSpaces.length < maxEdgeSpaces) this.#edgeSpaces.push(position)
  }

  build(): Matches {
    const placeOf = placesOf(this.#lines, this.#flagCount)
    return {
      predicate: this.#binding.build(),
      placeOf,
      namesPlaceOf: placesOf(this.#namesLines, this.#flagCount),
      edgeSpaces: this.#edgeSpaces.map(placeOf),
      edgeSpaceCount: this.#edgeSpaceCount,
    }
  }
}

/** A function of its own, so that what is kept for a run are the line numbers and not the collector with its texts. */
function placesOf(lines: readonly number[], flagCount: number): (position: number) => string {
  return (position) =>
    position < flagCount ? `--match number ${position + 1}` : `line ${lines[position - flagCount]} of the matches`
}
