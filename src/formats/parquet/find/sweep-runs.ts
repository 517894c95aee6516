import type { Hits } from './hits.ts'

/**
 * Called with rows `start <= row < end` that meet the same run of each list: `runs[i]` is the index of list `i`'s run,
 * or -1 where it has none there. The array is reused.
 */
export type OnRows = (start: number, end: number, runs: Int32Array) => void

/** Walks over several lists of runs at once, in order of rows: over rows that `all` lists have, or that `any` has. */
export function sweepRuns(lists: readonly Hits[], need: 'all' | 'any', onRows: OnRows): void {
  const cursors = new Int32Array(lists.length)
  const runs = new Int32Array(lists.length)
  for (let row = 0; ; ) {
    let next = Number.POSITIVE_INFINITY
    let active = 0
    let exhausted = 0
    for (let index = 0; index < lists.length; index += 1) {
      const list = lists[index]!
      let cursor = cursors[index]!
      while (cursor < list.count && list.ends[cursor]! <= row) cursor += 1
      cursors[index] = cursor
      runs[index] = -1
      if (cursor === list.count) {
        exhausted += 1
      } else if (list.starts[cursor]! <= row) {
        runs[index] = cursor
        active += 1
        next = Math.min(next, list.ends[cursor]!)
      } else {
        next = Math.min(next, list.starts[cursor]!)
      }
    }
    if (exhausted === lists.length || (need === 'all' && exhausted > 0)) return
    if (active === lists.length || (need === 'any' && active > 0)) onRows(row, next, runs)
    row = next
  }
}
