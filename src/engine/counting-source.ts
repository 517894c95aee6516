import type { RangeSource } from '../formats/range-source.ts'

/** A source that counts what is read of it. */
export interface CountingSource extends RangeSource {
  readonly bytesRead: number
  readonly requests: number
}

export function countingSource(source: RangeSource): CountingSource {
  let bytesRead = 0
  let requests = 0
  return {
    size: source.size,
    get bytesRead() {
      return bytesRead
    },
    get requests() {
      return requests
    },
    read(start, end, options) {
      bytesRead += end - start
      requests += 1
      return source.read(start, end, options)
    },
  }
}
