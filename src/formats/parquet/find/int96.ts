/**
 * INT96 as Hive, Impala and Spark store an instant: nanoseconds of the day (8 bytes) and the Julian day (4 bytes),
 * both signed and little-endian. No writer is held to nanoseconds within a day, so one instant has many forms; the
 * canonical one has them within.
 */
export const int96Width = 12
export const nanosPerDay = 86_400_000_000_000n
/** The Julian day of 1970-01-01. */
export const dayOfEpoch = 2_440_588n

/** The highest half of nanoseconds that lie within a day whatever the lower half is. */
const safeHighHalf = Number(nanosPerDay >> 32n) - 1

/** The canonical form; undefined where the day takes more than its 4 bytes. */
export function int96Bytes(julianDay: bigint, nanos: bigint): Uint8Array | undefined {
  if (BigInt.asIntN(32, julianDay) !== julianDay) return undefined
  const bytes = new Uint8Array(int96Width)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, nanos, true)
  view.setInt32(8, Number(julianDay), true)
  return bytes
}

/** The canonical form of the value at byte `at`: a view where it is that already; undefined where there is none. */
export function canonicalInt96(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, int96Width)
  if (view.getUint32(4, true) <= safeHighHalf) return bytes.subarray(at, at + int96Width)
  const nanos = view.getBigInt64(0, true)
  const ofDay = ((nanos % nanosPerDay) + nanosPerDay) % nanosPerDay
  return int96Bytes(BigInt(view.getInt32(8, true)) + (nanos - ofDay) / nanosPerDay, ofDay)
}
