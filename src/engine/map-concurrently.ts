/**
 * Maps an async sequence with at most `limit` calls under way, and yields the results in the order of the input.
 * Stopping early, or an error of the input, waits for what is under way, so that nothing runs on unseen.
 */
export async function* mapConcurrently<In, Out>(
  input: AsyncIterable<In>,
  limit: number,
  map: (value: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const underWay: Promise<Out>[] = []
  try {
    for await (const value of input) {
      const result = map(value)
      // It is awaited below, in its turn; until then its failure must not count as unhandled.
      result.catch(() => undefined)
      underWay.push(result)
      if (underWay.length >= limit) yield await underWay.shift()!
    }
    while (underWay.length > 0) yield await underWay.shift()!
  } finally {
    await Promise.allSettled(underWay)
  }
}
