import type { CompiledGroup } from './compiled-predicate.ts'

/**
 * Of a line in which columns have texts of a predicate: whether for some group of tuples each column has one. Most rows
 * that share a name with somebody share nothing else, and need no closer look.
 */
export class TupleSieve {
  readonly #groupOfSlot: Uint32Array
  /** For each group how many of its columns have no text yet in this line, and how many when it begins. */
  readonly #missing: Uint32Array
  readonly #missingAtFirst: Uint32Array
  /** For each slot whether its column has one of its texts: in this line, or by the object's folders. */
  readonly #hasText: Uint8Array
  readonly #noted: number[] = []

  /** @param isGiven for each slot whether the object's folders give its column one of its texts. */
  constructor(groups: readonly CompiledGroup[], isGiven: (slot: number) => boolean) {
    const slotCount = groups.reduce((sum, { slots }) => sum + slots.length, 0)
    this.#groupOfSlot = new Uint32Array(slotCount)
    groups.forEach(({ slots }, group) => {
      for (const slot of slots) this.#groupOfSlot[slot] = group
    })
    this.#hasText = Uint8Array.from({ length: slotCount }, (_, slot) => (isGiven(slot) ? 1 : 0))
    this.#missingAtFirst = Uint32Array.from(groups, ({ slots }) => slots.filter((slot) => !isGiven(slot)).length)
    this.#missing = this.#missingAtFirst.slice()
  }

  /** Notes that the column of a slot has one of its texts; true when its group misses none. */
  note(slot: number): boolean {
    const group = this.#groupOfSlot[slot]!
    if (this.#hasText[slot] === 0) {
      this.#hasText[slot] = 1
      this.#noted.push(slot)
      this.#missing[group]! -= 1
    }
    return this.#missing[group] === 0
  }

  /** A new line begins. */
  clear(): void {
    if (this.#noted.length === 0) return
    for (const slot of this.#noted) {
      const group = this.#groupOfSlot[slot]!
      this.#hasText[slot] = 0
      this.#missing[group] = this.#missingAtFirst[group]!
    }
    this.#noted.length = 0
  }
}
