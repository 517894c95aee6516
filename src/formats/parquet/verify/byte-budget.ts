interface Waiting {
  readonly bytes: number
  readonly start: () => void
}

/** Memory that several works share: each takes what it needs and waits while that is not free, first come first served. */
export class ByteBudget {
  readonly #size: number
  #taken = 0
  readonly #waiting: Waiting[] = []

  constructor(size: number) {
    this.#size = size
  }

  /**
   * Holds `bytes` during the work. Who needs more than there is works alone. Not to be called from within the work.
   */
  async use<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    await this.#take(bytes)
    try {
      return await work()
    } finally {
      this.#taken -= bytes
      this.#startWaiting()
    }
  }

  #take(bytes: number): Promise<void> {
    return new Promise((start) => {
      this.#waiting.push({ bytes, start })
      this.#startWaiting()
    })
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#taken > 0 && this.#taken + next.bytes > this.#size) return
      this.#waiting.shift()
      this.#taken += next.bytes
      next.start()
    }
  }
}
