/** A stream compared with bytes that come piece by piece. */
export class StreamComparison {
  readonly #stream: AsyncIterator<Uint8Array>
  #held: Uint8Array = new Uint8Array(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#stream = stream[Symbol.asyncIterator]()
  }

  /** Whether the stream goes on with these bytes. */
  async goesOnWith(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#held.length === 0 && !(await this.#more())) return false
      const length = Math.min(this.#held.length, bytes.length - at)
      if (Buffer.compare(this.#held.subarray(0, length), bytes.subarray(at, at + length)) !== 0) return false
      this.#held = this.#held.subarray(length)
      at += length
    }
    return true
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#held.length === 0) if (!(await this.#more())) return true
    return false
  }

  async close(): Promise<void> {
    await this.#stream.return?.()
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#stream.next()
    if (done === true) return false
    this.#held = value
    return true
  }
}
