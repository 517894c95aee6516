import { viewOf } from '../view-of.ts'

export type Axis = 'x' | 'y' | 'z' | 'm'

const axesOf: readonly (readonly Axis[])[] = [
  ['x', 'y'],
  ['x', 'y', 'z'],
  ['x', 'y', 'm'],
  ['x', 'y', 'z', 'm'],
]

/**
 * Calls for every coordinate of a geometry, and yields false where its bytes are no geometry. NaN stands for the
 * coordinate of an empty point.
 *
 * Source: ISO well-known binary, as "WKB" in Parquet's Geospatial.md has it: 1 to 7 are point, line string, polygon,
 * their multiples, and collection; 1000, 2000 and 3000 more with z, m, or both.
 */
export function forEachCoordinate(bytes: Uint8Array, onCoordinate: (axis: Axis, value: number) => void): boolean {
  const view = viewOf(bytes)
  let position = 0
  const has = (count: number, size: number): boolean => count * size <= bytes.length - position
  // Members of a collection follow one another, each with a header of its own: how deep they lie does not matter.
  for (let pending = 1; pending > 0; pending -= 1) {
    if (!has(1, 5)) return false
    const isLittleEndian = bytes[position] === 1
    const code = view.getUint32(position + 1, isLittleEndian)
    position += 5
    const axes = axesOf[Math.floor(code / 1000)]
    const kind = code % 1000
    if (axes === undefined || kind < 1 || kind > 7) return false
    const count = (): number | undefined => {
      if (!has(1, 4)) return undefined
      position += 4
      return view.getUint32(position - 4, isLittleEndian)
    }
    const points = (number: number | undefined): boolean => {
      if (number === undefined || !has(number, 8 * axes.length)) return false
      for (let point = 0; point < number; point += 1) {
        for (const axis of axes) {
          onCoordinate(axis, view.getFloat64(position, isLittleEndian))
          position += 8
        }
      }
      return true
    }
    if (kind === 1) {
      if (!points(1)) return false
    } else if (kind === 2) {
      if (!points(count())) return false
    } else if (kind === 3) {
      const rings = count()
      if (rings === undefined) return false
      for (let ring = 0; ring < rings; ring += 1) if (!points(count())) return false
    } else {
      const members = count()
      if (members === undefined) return false
      pending += members
    }
  }
  return position === bytes.length
}
