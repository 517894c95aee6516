import { expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../../../test/memory-object-store.ts'
import { limitStore } from './limited-store.ts'
import { makeRate } from './rate.ts'
import { makeTurns } from './turns.ts'

/** A clock that stands still until everybody sleeps, and then goes to the next one's end. */
function makeClock() {
  let now = 0
  const sleeps: number[] = []
  return {
    sleeps,
    now: () => now,
    sleep(ms: number) {
      sleeps.push(ms)
      now += ms
      return Promise.resolve()
    },
  }
}

test('a second’s worth is free at once, then it goes at the rate', async () => {
  const clock = makeClock()
  const rate = makeRate(10, clock)
  for (let n = 0; n < 10; n += 1) await rate.take(1)
  expect(clock.now()).toBe(0)
  for (let n = 0; n < 50; n += 1) await rate.take(1)
  expect(clock.now()).toBeCloseTo(5000)
  // Who rests for long saves no more than a second.
  await clock.sleep(60_000)
  const rested = clock.now()
  for (let n = 0; n < 20; n += 1) await rate.take(1)
  expect(clock.now() - rested).toBeCloseTo(1000)
})

test('what is more than a second’s worth is given, and paid by who comes next', async () => {
  const clock = makeClock()
  const rate = makeRate(1000, clock)
  await rate.take(5000)
  expect(clock.now()).toBe(0)
  await rate.take(1000)
  expect(clock.now()).toBeCloseTo(5000)
})

test('a store counts requests and bytes of what it is asked for', async () => {
  const taken = { requests: 0, bytes: 0 }
  const counter = (name: keyof typeof taken) => ({
    take(amount: number) {
      taken[name] += amount
      return Promise.resolve()
    },
  })
  const { store } = makeMemoryObjectStore({ a: 'x'.repeat(100), b: 'y' })
  const limited = limitStore(store, { requests: counter('requests'), bytes: counter('bytes') })
  const names: string[] = []
  for await (const item of limited.list('lake/')) names.push(item.key)
  expect([names.length, taken]).toEqual([2, { requests: 1, bytes: 0 }])
  await using opened = await limited.open(names[0]!)
  expect((await opened.read(10, 40)).length).toBe(30)
  expect((await opened.read(0, 5)).length).toBe(5)
  expect(taken).toEqual({ requests: 4, bytes: 35 })
})

test('so many at once and no more, in their order', async () => {
  const turn = makeTurns(2)
  let now = 0
  let most = 0
  const order: number[] = []
  const ends: (() => void)[] = []
  const all = [0, 1, 2, 3, 4].map((n) =>
    turn(async () => {
      order.push(n)
      now += 1
      most = Math.max(most, now)
      await new Promise<void>((resolve) => ends.push(resolve))
      now -= 1
      if (n === 1) throw new Error('one fails')
    }).catch(() => undefined),
  )
  while (order.length < 5 || ends.length > 0) {
    ends.shift()?.()
    await Promise.resolve()
  }
  await Promise.all(all)
  expect([most, order]).toEqual([2, [0, 1, 2, 3, 4]])
})
