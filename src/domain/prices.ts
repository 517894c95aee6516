/** What a store in a cloud asks for; amounts in `currency`. */
export interface Prices {
  readonly currency: string
  readonly readsPer1000: number
  readonly writesPer1000: number
  /** Of a gigabyte (10^9 bytes) that leaves the store, and of one that is sent to it. */
  readonly gigabyteRead: number
  readonly gigabyteWritten: number
}

export interface Usage {
  readonly reads: number
  readonly writes: number
  readonly bytesToRead: number
  readonly bytesToWrite: number
}

export function costOf({ reads, writes, bytesToRead, bytesToWrite }: Usage, prices: Prices): number {
  return (
    (reads * prices.readsPer1000 + writes * prices.writesPer1000) / 1000 +
    (bytesToRead * prices.gigabyteRead + bytesToWrite * prices.gigabyteWritten) / 1e9
  )
}
