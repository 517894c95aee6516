import type { Piece } from '../../edit.ts'

/** The new file as it is put together, piece after piece. */
export class Layout {
  readonly #pieces: Piece[] = []
  #size = 0

  get pieces(): readonly Piece[] {
    return this.#pieces
  }

  /** Length so far: where the next piece will lie. */
  get size(): number {
    return this.#size
  }

  add({ from, start, end }: Piece): void {
    if (start === end) return
    this.#size += end - start
    const last = this.#pieces.at(-1)
    if (last?.from === from && last.end === start) this.#pieces[this.#pieces.length - 1] = { ...last, end }
    else this.#pieces.push({ from, start, end })
  }
}
