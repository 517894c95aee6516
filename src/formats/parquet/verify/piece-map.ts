import type { Edit } from '../../edit.ts'

/** Where bytes of an edited file come from. */
export class PieceMap {
  readonly #starts: Float64Array
  readonly #sourceStarts: Float64Array

  constructor({ pieces }: Pick<Edit, 'pieces'>) {
    const starts: number[] = []
    const sourceStarts: number[] = []
    let position = 0
    for (const { from, start, end } of pieces) {
      starts.push(position)
      sourceStarts.push(from === 'source' ? start : -1)
      position += end - start
    }
    starts.push(position)
    this.#starts = Float64Array.from(starts)
    this.#sourceStarts = Float64Array.from(sourceStarts)
  }

  /** Where in the source the bytes `start..end` lie; undefined where they are not one run of the source's. */
  sourceStart({ start, end }: { readonly start: number; readonly end: number }): number | undefined {
    const index = this.#pieceAt(start)
    const pieceSource = this.#sourceStarts[index]
    if (pieceSource === undefined || pieceSource < 0 || end > this.#starts[index + 1]!) return undefined
    return pieceSource + start - this.#starts[index]!
  }

  #pieceAt(position: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle]! <= position) low = middle
      else high = middle
    }
    return low
  }
}
