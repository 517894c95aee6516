/** Memory for windows and pages that was given back, to be used again: new memory has to be cleared and collected. */
const free: Uint8Array<ArrayBuffer>[] = []

const leastBytes = 64 * 1024
/** What is larger, or more than so many, is left to the garbage collector. */
const mostBytes = 4 * 1024 * 1024
const mostFree = 8

/** At least so many bytes, of any content. */
export function takeMemory(bytes: number): Uint8Array<ArrayBuffer> {
  const index = free.findIndex(({ length }) => length >= bytes)
  if (index !== -1) return free.splice(index, 1)[0]!
  let length = leastBytes
  while (length < bytes) length *= 2
  return new Uint8Array(bytes > mostBytes ? bytes : length)
}

/** Takes back what `takeMemory` yielded, which nobody may use afterwards. */
export function returnMemory(memory: Uint8Array<ArrayBuffer>): void {
  if (memory.length < leastBytes || memory.length > mostBytes) return
  if (free.length === mostFree) free.shift()
  free.push(memory)
}
