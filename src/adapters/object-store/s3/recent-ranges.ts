type ReadRange = (start: number, end: number, signal: AbortSignal | undefined) => Promise<Uint8Array>

/** A request costs as much time as so many bytes: what is asked for in small reads is fetched in larger ones. */
const minFetchBytes = 16 * 1024
const maxRememberedBytes = 16 * 1024 ** 2
const maxRemembered = 256

interface Remembered {
  readonly start: number
  readonly bytes: Uint8Array
}

/**
 * Remembers, within a bound, what was read last of one version of an object: an edit is made, verified and sent from the
 * same few ranges, and they need to be fetched once.
 */
export function rememberRanges(read: ReadRange, { sizeBytes }: { readonly sizeBytes: number }): ReadRange {
  // The last used one is the last.
  let remembered: Remembered[] = []

  const use = (range: Remembered): void => {
    remembered = [...remembered.filter((other) => other !== range), range]
    let bytes = remembered.reduce((sum, each) => sum + each.bytes.length, 0)
    while (bytes > maxRememberedBytes || remembered.length > maxRemembered) {
      bytes -= remembered[0]!.bytes.length
      remembered = remembered.slice(1)
    }
  }

  const fetch = async (start: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> => {
    const fetched = await read(start, Math.min(sizeBytes, Math.max(end, start + minFetchBytes)), signal)
    // What the caller gets is the caller's, who may write to it.
    if (fetched.length <= maxRememberedBytes / 4) use({ start, bytes: fetched.slice() })
    return fetched.subarray(0, end - start)
  }

  return async (start, end, signal) => {
    const isAt = (at: number) => (range: Remembered) => range.start <= at && at < range.start + range.bytes.length
    const result = new Uint8Array(end - start)
    for (let at = start; at < end; ) {
      signal?.throwIfAborted()
      const range = remembered.find(isAt(at))
      if (range !== undefined) {
        use(range)
        const bytes = range.bytes.subarray(at - range.start, end - range.start)
        result.set(bytes, at - start)
        at += bytes.length
        continue
      }
      const nextStart = remembered.reduce((next, each) => (each.start > at ? Math.min(next, each.start) : next), end)
      const bytes = await fetch(at, nextStart, signal)
      if (bytes.length === end - start) return bytes
      result.set(bytes, at - start)
      at = nextStart
    }
    return result
  }
}
