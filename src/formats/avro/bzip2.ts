import Bunzip from 'seek-bzip'
import { malformed, tooLarge } from './refusal.ts'

/**
 * Decompresses bzip2 streams that follow one another without a gap, checksums verified.
 *
 * @throws LetheError `malformed` (or an error of the library), `limit-exceeded` beyond `maxBytes`
 */
export function decompressBzip2(stored: Uint8Array, maxBytes: number): Uint8Array {
  const output = new Output(maxBytes)
  let position = 0
  const input = {
    // The library takes a missing byte for a zero, and with an `eof` a missing end for the end.
    readByte(): number {
      if (position === stored.length) throw malformed('a block ends within its compressed data')
      position += 1
      return stored[position - 1]!
    },
    read(buffer: Uint8Array, offset: number, length: number): number {
      for (let index = 0; index < length; index += 1) buffer[offset + index] = input.readByte()
      return length
    },
  }
  do Bunzip.decode(input, output)
  while (position < stored.length)
  return output.bytes()
}

class Output {
  readonly #maxBytes: number
  #bytes = new Uint8Array(64 * 1024)
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  writeByte(byte: number): void {
    if (this.#size === this.#bytes.length) this.#grow()
    this.#bytes[this.#size] = byte
    this.#size += 1
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }

  #grow(): void {
    if (this.#size >= this.#maxBytes) throw tooLarge(this.#maxBytes)
    const grown = new Uint8Array(Math.min(this.#maxBytes, 2 * this.#size))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
