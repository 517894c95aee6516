/**
 * The first index for which it no longer holds that `isBefore`, by halving; `count` where it holds for all. It has to hold
 * for all before the first for which it does not.
 */
export function partitionPoint(count: number, isBefore: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
