/**
 * A name that others chose (an object's, a column's), made fit for a terminal: control characters, which could move the
 * cursor, colour the screen or break a line, are shown as escapes.
 */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}

/** A count with its noun: `1 row`, `12,345 rows`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`
}

/** A whole number in groups of three digits. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** A size in decimal units, e.g. `1.2 MB`; below a kilobyte exact. */
export function sized(bytes: number): string {
  let unit = 0
  let size = bytes
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}
