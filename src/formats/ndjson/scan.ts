import { LetheError } from '../../domain/error.ts'
import { Ranges } from '../../domain/ranges.ts'
import type { Warning } from '../../domain/warning.ts'
import type { Search } from '../format.ts'
import type { RowsFound } from '../row-format.ts'
import { BrokenLines } from './broken-lines.ts'
import { type CompiledPredicate, compilePredicate } from './compiled-predicate.ts'
import { type LineBlock, lineBlocks } from './line-blocks.ts'
import { LineFilter, verdict } from './line-filter.ts'
import { PartitionValues } from './partition-values.ts'
import { RowMatcher } from './row-matcher.ts'

/** Finds the matching lines of a stream. A line's range includes its newline; a byte-order mark is part of none. */
export async function scan(openStream: () => AsyncIterable<Uint8Array>, search: Search): Promise<RowsFound> {
  const lineScan = new LineScan(search)
  let streamBytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of openStream()) {
      search.signal?.throwIfAborted()
      yield chunk
      streamBytes += chunk.length
      search.onProgress?.(chunk.length)
    }
  }
  for await (const block of lineBlocks(counted())) lineScan.take(block)
  return { ...lineScan.finish(), streamBytes }
}

class LineScan {
  readonly #predicate: CompiledPredicate
  readonly #matcher: RowMatcher
  readonly #filter: LineFilter
  readonly #broken: BrokenLines
  readonly #rows = new Ranges()
  readonly #ranges = new Ranges()
  readonly #hits = new Map<number, number>()
  #line = 0
  #containersAtKey = 0

  constructor({ predicate, partitions, malformed }: Search) {
    this.#predicate = compilePredicate(predicate)
    const values = new PartitionValues(this.#predicate, partitions)
    this.#matcher = new RowMatcher(this.#predicate, values)
    this.#filter = new LineFilter(this.#predicate, values)
    this.#filter.noteSeen(this.#matcher.seen)
    this.#broken = new BrokenLines(malformed)
  }

  take({ bytes, start, end, offset, isUnended }: LineBlock): void {
    const filter = this.#filter
    for (let at = start; at < end; at = filter.next) {
      const found = filter.judge(bytes, at)
      const lineEnd = filter.next - 1
      const kind = found === verdict.clean ? 'object' : this.#matcher.read(bytes, at, lineEnd)
      // A line that was looked at for its columns alone could not hold a matched value: it is kept as others are.
      const isForgiven = kind === 'malformed' && found === verdict.look
      const isBroken = kind === 'malformed' && !isForgiven
      if (this.#broken.isOpen) this.#broken.goOn(bytes, at, lineEnd, { isWhole: !isBroken })
      if (isBroken) {
        this.#broken.note(bytes, at, lineEnd, this.#line + 1)
      } else if (kind === 'objects-in-array') {
        throw objectsInArray(this.#line + 1)
      } else if (isForgiven) {
        for (const column of filter.columnsMet) this.#matcher.seen[column] = 1
        filter.noteSeen(this.#matcher.seen)
      } else if (found !== verdict.clean && kind === 'object') {
        const lineStart = offset + at - start
        this.#takeRow(lineStart, lineStart + filter.next - at - (isUnended ? 1 : 0))
      }
      this.#line += 1
    }
  }

  finish(): Omit<RowsFound, 'streamBytes'> {
    this.#broken.finish()
    const warnings: Warning[] = []
    if (this.#containersAtKey > 0) warnings.push({ code: 'array-at-key', count: this.#containersAtKey })
    if (this.#broken.kept > 0) warnings.push({ code: 'malformed-kept', count: this.#broken.kept })
    return {
      rows: this.#rows,
      ranges: this.#ranges,
      rowsSeen: this.#line,
      hits: this.#hits,
      columns: new Set(this.#predicate.columns.filter((_, column) => this.#matcher.seen[column] === 1)),
      warnings,
    }
  }

  #takeRow(start: number, end: number): void {
    const { positions, hasContainerAtKey, seen } = this.#matcher
    this.#filter.noteSeen(seen)
    if (hasContainerAtKey) this.#containersAtKey += 1
    if (positions.size === 0) return
    this.#rows.add(this.#line)
    this.#ranges.add(start, end)
    for (const position of positions) this.#hits.set(position, 1 + (this.#hits.get(position) ?? 0))
  }
}

function objectsInArray(line: number): LetheError {
  const message = `line ${line} is an array that holds objects; NDJSON has one object on each line`
  return new LetheError('unsupported', message, { detail: { line } })
}
