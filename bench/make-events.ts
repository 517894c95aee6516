import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

const rowsAWrite = 8192

/** An id that no other row below 2^32 has, and that says nothing of the row's place (a bijection: odd factors, shifts). */
function userIdOf(row: number): string {
  let mixed = Math.imul(row ^ (row >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return `u-${((mixed ^ (mixed >>> 16)) >>> 0).toString(16).padStart(8, '0')}`
}

/** Row `row` of an event log, about 125 bytes as JSON; `user_id` is unique. */
export function eventOf(row: number) {
  const noise = Math.imul(row, 0x9e3779b1) >>> 0
  return {
    event_id: row,
    user_id: userIdOf(row),
    at: `2026-0${1 + (noise % 9)}-${10 + (noise % 19)}T12:${10 + (noise % 50)}:00Z`,
    page: `/products/${noise % 5000}?ref=mail`,
    ms: (noise % 100_000) / 10,
    ok: noise % 7 !== 0,
  }
}

/** Ids of `count` rows, spread evenly over `rows`. */
export function spreadIds(rows: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => userIdOf(Math.floor(((index + 0.5) * rows) / count)))
}

/** Writes a line for each row. */
export async function writeRows(path: string, rows: number, lineOf: (row: number) => string): Promise<void> {
  const file = createWriteStream(path)
  for (let row = 0; row < rows; row += rowsAWrite) {
    let lines = ''
    for (let next = row; next < Math.min(rows, row + rowsAWrite); next += 1) lines += lineOf(next)
    if (!file.write(lines)) await once(file, 'drain')
  }
  file.end()
  await finished(file)
}
