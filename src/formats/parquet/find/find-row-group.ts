import type { RangeSource } from '../../range-source.ts'
import type { ParquetFile, RowGroupInfo } from '../footer.ts'
import { Hits } from './hits.ts'
import type { ColumnPlan, GroupPlan, SearchPlan } from './plan-search.ts'
import { type ChunkPlan, planChunk, planWithin } from './prune-chunk.ts'
import { scanChunk } from './scan-chunk.ts'
import { sweepRuns } from './sweep-runs.ts'

/** Called for rows `start <= row < end`, in order, with the positions of the matches that each of them is of. */
export type OnMatchedRows = (start: number, end: number, positions: readonly number[]) => void

export interface FindInRowGroupRequest {
  readonly file: ParquetFile
  readonly rowGroup: RowGroupInfo
  readonly plan: SearchPlan
  /** Only these rows need to be searched; all without it. */
  readonly within?: Hits
  readonly signal?: AbortSignal
}

/**
 * Finds the rows of a row group, counted from its first, that are of a group of tuples.
 *
 * @throws LetheError `malformed`, `unsupported`, `limit-exceeded`
 */
export async function findInRowGroup(
  source: RangeSource,
  request: FindInRowGroupRequest,
  onRows: OnMatchedRows,
): Promise<void> {
  const chunks = new ChunkSearch(source, request)
  // Groups of one column scan it whole, and what they learn serves the composites.
  const groups = [...request.plan.groups].sort((a, b) => a.columns.length - b.columns.length)
  const found: MatchRuns[] = []
  for (const group of groups) {
    const matches = await findGroup(chunks, group, request.rowGroup)
    if (matches.runs.count > 0) found.push(matches)
  }
  tellRows(found, onRows)
}

function tellRows(found: readonly MatchRuns[], onRows: OnMatchedRows): void {
  const positions: number[] = []
  const [only] = found
  if (found.length === 1 && only !== undefined) {
    const { starts, ends, count } = only.runs
    for (let run = 0; run < count; run += 1) {
      positions.length = 0
      only.addPositions(run, positions)
      onRows(starts[run]!, ends[run]!, positions)
    }
    return
  }
  sweepRuns(
    found.map(({ runs }) => runs),
    'any',
    (start, end, indices) => {
      positions.length = 0
      for (const [list, run] of indices.entries()) if (run !== -1) found[list]!.addPositions(run, positions)
      onRows(start, end, positions)
    },
  )
}

/** The rows that are of one group, with the positions of the matches that they are of. */
class MatchRuns {
  /** An entry is a position; where rows are of several matches, `~index` into `#several`. */
  readonly runs = new Hits()
  readonly #several: (readonly number[])[] = []

  add(start: number, end: number, positions: readonly number[]): void {
    if (positions.length === 0) return
    if (positions.length === 1) this.runs.add(start, end, positions[0]!)
    else this.runs.add(start, end, ~(this.#several.push(positions) - 1))
  }

  /** Adds the positions of a run to a list, each once. */
  addPositions(run: number, positions: number[]): void {
    const entry = this.runs.entries[run]!
    for (const position of entry >= 0 ? [entry] : this.#several[~entry]!) {
      if (!positions.includes(position)) positions.push(position)
    }
  }
}

type LeafPlan = Extract<ColumnPlan, { kind: 'leaf' }>

async function findGroup(chunks: ChunkSearch, plan: GroupPlan, { numRows }: RowGroupInfo): Promise<MatchRuns> {
  const matches = new MatchRuns()
  const { columns, lookup, group } = plan
  const [first] = columns
  if (columns.length === 1 && first?.kind === 'leaf')
    return findSingle(matches, await chunks.rowsOf(first, chunks.within), plan, first)
  const leaves = columns.filter((column) => column.kind === 'leaf')
  const lists = leaves.length === 0 ? [allRows(numRows)] : await chunks.rowsOfAll(leaves)
  const listOf = columns.map((column) => (column.kind === 'leaf' ? leaves.indexOf(column) : -1))
  const only = new Int32Array(columns.length)
  sweepRuns(lists, 'all', (start, end, runs) => {
    let isOnly = true
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at]!
      const text =
        column.kind === 'constant'
          ? column.textId
          : column.matcher.onlyTextOf(column.use, lists[listOf[at]!]!.entries[runs[listOf[at]!]!]!)
      if (text === -1) isOnly = false
      only[at] = text
    }
    if (isOnly) {
      const tuple = lookup.ofOne(only)
      if (tuple !== -1) matches.runs.add(start, end, group.positions[tuple]!)
      return
    }
    const ids = columns.map((column, at) =>
      column.kind === 'constant'
        ? [column.textId]
        : column.matcher.textsOf(column.use, lists[listOf[at]!]!.entries[runs[listOf[at]!]!]!),
    )
    matches.add(start, end, distinctPositions(lookup.ofSeveral(ids), group))
  })
  return matches
}

/** With one column a tuple is a text: no need to look for it. */
function findSingle(matches: MatchRuns, rows: Hits, { group }: GroupPlan, { matcher, use }: LeafPlan): MatchRuns {
  for (let run = 0; run < rows.count; run += 1) {
    const entry = rows.entries[run]!
    const text = matcher.onlyTextOf(use, entry)
    const start = rows.starts[run]!
    const end = rows.ends[run]!
    if (text !== -1) matches.runs.add(start, end, group.positions[text]!)
    else matches.add(start, end, distinctPositions(matcher.textsOf(use, entry), group))
  }
  return matches
}

function distinctPositions(tuples: readonly number[], { positions }: GroupPlan['group']): number[] {
  return [...new Set(tuples.map((tuple) => positions[tuple]!))]
}

function allRows(numRows: number): Hits {
  const rows = new Hits()
  if (numRows > 0) rows.add(0, numRows, 0)
  return rows
}

/** Searches the chunks of a row group, each at most once over all its rows. */
class ChunkSearch {
  readonly #source: RangeSource
  readonly #request: FindInRowGroupRequest
  readonly #plans = new Map<number, ChunkPlan>()
  readonly #whole = new Map<number, Hits>()

  constructor(source: RangeSource, request: FindInRowGroupRequest) {
    this.#source = source
    this.#request = request
  }

  /** The rows that are to be searched, where that is not all. */
  get within(): Hits | undefined {
    return this.#request.within
  }

  /**
   * The matching rows of each column, complete at least for rows that all of them have. Small chunks come first; of
   * the others only pages with rows that are still possible are decoded. Nothing is read where one is excluded.
   */
  async rowsOfAll(columns: readonly LeafPlan[]): Promise<Hits[]> {
    const lists = columns.map(() => new Hits())
    for (const column of columns) if ((await this.#planOf(column)).kind === 'nothing') return lists
    const bySize = [...columns.keys()].sort((a, b) => this.#sizeOf(columns[a]!) - this.#sizeOf(columns[b]!))
    let possible = this.within
    for (const index of bySize) {
      const rows: Hits = await this.rowsOf(columns[index]!, possible)
      lists[index] = rows
      possible = possible === undefined ? rows : intersect(possible, rows)
      if (possible.count === 0) break
    }
    return lists
  }

  /** The matching rows of a column, all of them without `within`. */
  async rowsOf(column: LeafPlan, within?: Hits): Promise<Hits> {
    const known = this.#whole.get(column.leaf)
    if (known !== undefined) return known
    const chunk = this.#chunkOf(column)
    const { numRows } = this.#request.rowGroup
    const plan = await this.#planOf(column)
    const rows = await scanChunk(this.#source, {
      chunk,
      numRows,
      matcher: column.matcher,
      plan:
        within === undefined
          ? plan
          : await planWithin(this.#source, plan, { chunk, numRows, within, ...this.#options() }),
      within,
      ...this.#options(),
    })
    if (within === undefined) this.#whole.set(column.leaf, rows)
    return rows
  }

  async #planOf(column: LeafPlan): Promise<ChunkPlan> {
    const known = this.#plans.get(column.leaf)
    if (known !== undefined) return known
    const { file, rowGroup } = this.#request
    const plan = await planChunk(this.#source, {
      file,
      chunk: this.#chunkOf(column),
      numRows: rowGroup.numRows,
      matcher: column.matcher,
      ...this.#options(),
    })
    this.#plans.set(column.leaf, plan)
    return plan
  }

  #chunkOf({ leaf }: LeafPlan) {
    return this.#request.rowGroup.chunks[leaf]!
  }

  #sizeOf(column: LeafPlan): number {
    const { start, end } = this.#chunkOf(column)
    return end - start
  }

  #options(): { signal?: AbortSignal } {
    const { signal } = this.#request
    return signal === undefined ? {} : { signal }
  }
}

function intersect(a: Hits, b: Hits): Hits {
  const both = new Hits()
  sweepRuns([a, b], 'all', (start, end) => both.add(start, end, 0))
  return both
}
