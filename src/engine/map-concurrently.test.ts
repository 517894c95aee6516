import { expect, test } from 'vitest'
import { mapConcurrently } from './map-concurrently.ts'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number += 1) yield number
}

/** A call for each number that ends when it is told to; counts how many are under way. */
function makeCalls() {
  const ends = new Map<number, () => void>()
  let underWay = 0
  let most = 0
  return {
    ends,
    most: () => most,
    underWay: () => underWay,
    async map(number: number): Promise<number> {
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise<void>((resolve) => ends.set(number, resolve))
      underWay -= 1
      return number * 10
    },
  }
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all = []
  for await (const item of items) all.push(item)
  return all
}

async function untilSettled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

test('yields in the order of the input, whichever ends first, with at most so many under way', async () => {
  const calls = makeCalls()
  const results = collect(mapConcurrently(numbers(5), 3, calls.map))
  for (const number of [2, 1, 0, 4, 3]) {
    await untilSettled()
    calls.ends.get(number)!()
  }
  expect(await results).toEqual([0, 10, 20, 30, 40])
  expect(calls.most()).toBe(3)
})

test('of nothing yields nothing', async () => {
  expect(await collect(mapConcurrently(numbers(0), 3, (number) => Promise.resolve(number)))).toEqual([])
})

test('when stopped early waits for what is under way and begins no more', async () => {
  const calls = makeCalls()
  const stopped = (async () => {
    for await (const result of mapConcurrently(numbers(9), 3, calls.map)) return result
    return undefined
  })()
  await untilSettled()
  calls.ends.get(0)!()
  await untilSettled()
  expect(calls.underWay()).toBe(2)
  for (const number of [1, 2]) calls.ends.get(number)!()
  expect(await stopped).toBe(0)
  expect(calls.underWay()).toBe(0)
  expect(calls.ends.size).toBe(3)
})

test('rejects with the error of a call or of the input once what is under way has ended', async () => {
  const calls = makeCalls()
  const failing = async (number: number) => {
    if (number === 1) throw new Error('of the call')
    return await calls.map(number)
  }
  const results = collect(mapConcurrently(numbers(9), 3, failing))
  const outcome = results.catch((error: Error) => error.message)
  await untilSettled()
  for (const number of [0, 2]) calls.ends.get(number)!()
  await untilSettled()
  calls.ends.get(3)?.()
  expect(await outcome).toBe('of the call')
  expect(calls.underWay()).toBe(0)

  async function* broken(): AsyncGenerator<number> {
    yield 1
    throw new Error('of the input')
  }
  await expect(collect(mapConcurrently(broken(), 3, (number) => Promise.resolve(number)))).rejects.toThrow(
    'of the input',
  )
})
