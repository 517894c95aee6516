/** A match that hits so many rows that it looks like a sentinel (`0`, `""`, `unknown`) rather than a person. */
export interface FuseWarning {
  /** Position of the match among the run's matches, from 0. */
  readonly position: number
  readonly rows: number
  readonly rowsSeen: number
}

const minRows = 1000
const minShare = 0.01

/** The matches that hit more than 1 % of the rows seen and more than 1,000 rows, in order of position. */
export function blownFuses(hits: ReadonlyMap<number, number>, rowsSeen: number): FuseWarning[] {
  return [...hits]
    .filter(([, rows]) => rows > minRows && rows > minShare * rowsSeen)
    .map(([position, rows]) => ({ position, rows, rowsSeen }))
    .sort((a, b) => a.position - b.position)
}
