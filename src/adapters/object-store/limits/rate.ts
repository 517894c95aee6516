import { setTimeout as delay } from 'node:timers/promises'

/** Something that may be taken so often, or so much of, in a second. */
export interface Rate {
  /** Resolves when it is the caller's turn; rejects where the signal says so. Callers are served in their order. */
  take(amount: number, options?: { readonly signal?: AbortSignal }): Promise<void>
}

export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  sleep(ms: number, options: { readonly signal?: AbortSignal }): Promise<void>
}

const machineClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, options) => delay(ms, undefined, options),
}

/**
 * A token bucket that holds what one second gives (the generic cell rate algorithm, ITU-T I.371): as much at once is free,
 * then it goes on at the rate. More than that is given, too, and whoever comes next waits for all of it.
 */
export function makeRate(perSecond: number, clock: Clock = machineClock): Rate {
  const burstMs = 1000
  let paidUntil = Number.NEGATIVE_INFINITY
  return {
    async take(amount, options = {}) {
      const now = clock.now()
      const costMs = (amount / perSecond) * 1000
      const start = Math.max(now, paidUntil)
      paidUntil = start + costMs
      const waitMs = start + Math.min(costMs, burstMs) - now - burstMs
      if (waitMs > 0) await clock.sleep(waitMs, options)
    },
  }
}
