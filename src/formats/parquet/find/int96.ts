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

/** Whether the value at byte `at` is in the canonical form for certain. */
export function isCanonicalInt96(view: DataView, at: number): boolean {
  return view.getUint32(at + 4, true) <= safeHighHalf
}

/** The canonical form of the value at byte `at`; undefined where there is none. */
export function canonicalInt96(view: DataView, at: number): Uint8Array | undefined {
  const nanos = view.getBigInt64(at, true)
  const ofDay = ((nanos % nanosPerDay) + nanosPerDay) % nanosPerDay
  return int96Bytes(BigInt(view.getInt32(at + 8, true)) + (nanos - ofDay) / nanosPerDay, ofDay)
}
