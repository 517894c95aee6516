/**
 * Rows hit by each match, by the match's position; those without a hit are left out. An array, because a million
 * matches may be hit, and a Map of them takes longer to make than the rows take to find.
 */
export class HitCounts implements ReadonlyMap<number, number> {
  readonly #counts: Float64Array
  #size = 0

  /** @param positions how many there are: each position is less. */
  constructor(positions: number) {
    this.#counts = new Float64Array(positions)
  }

  add(position: number, rows: number): void {
    if (this.#counts[position] === 0) this.#size += 1
    this.#counts[position]! += rows
  }

  get size(): number {
    return this.#size
  }

  get(position: number): number | undefined {
    return this.#counts[position] || undefined
  }

  has(position: number): boolean {
    return this.get(position) !== undefined
  }

  *entries(): MapIterator<[number, number]> {
    for (let position = 0; position < this.#counts.length; position += 1) {
      const rows = this.#counts[position]!
      if (rows > 0) yield [position, rows]
    }
  }

  *keys(): MapIterator<number> {
    for (const [position] of this.entries()) yield position
  }

  *values(): MapIterator<number> {
    for (const [, rows] of this.entries()) yield rows
  }

  [Symbol.iterator](): MapIterator<[number, number]> {
    return this.entries()
  }

  forEach(callback: (rows: number, position: number, counts: ReadonlyMap<number, number>) => void): void {
    for (const [position, rows] of this.entries()) callback(rows, position, this)
  }
}
