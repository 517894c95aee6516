/** A match that hits so many rows, or objects as a whole, that it looks like a sentinel (`0`, `""`, `unknown`) rather than a person. */
export interface FuseWarning {
  /** Position of the match among the run's matches, from 0. */
  readonly position: number
  /** What is counted. */
  readonly of: 'rows' | 'objects'
  readonly hit: number
  readonly seen: number
}

const minHit = 1000
const minShare = 0.01

/** The matches that hit more than 1 % of what was seen and more than 1,000 of it, in order of position. */
export function blownFuses(hits: ReadonlyMap<number, number>, seen: number, of: FuseWarning['of']): FuseWarning[] {
  return [...hits]
    .filter(([, hit]) => hit > minHit && hit > minShare * seen)
    .map(([position, hit]) => ({ position, of, hit, seen }))
    .sort((a, b) => a.position - b.position)
}
