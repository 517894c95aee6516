import { describe, expect, it } from 'vitest'
import { inLanes } from './in-lanes.ts'
import { ByteBudget } from './verify/byte-budget.ts'

/** Work that ends when it is told to, and what of it has begun. */
function makeWork() {
  const begun: number[] = []
  const ends = new Map<number, PromiseWithResolvers<void>>()
  const work = (item: number): Promise<void> => {
    begun.push(item)
    const end = Promise.withResolvers<void>()
    ends.set(item, end)
    return end.promise
  }
  return { begun, ends, work }
}

/** All that can happen without the end of a work has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('inLanes', () => {
  it('works on all items, so many at once', async () => {
    const { begun, ends, work } = makeWork()
    const done = inLanes([0, 1, 2, 3], 2, work)
    expect(begun).toEqual([0, 1])
    ends.get(1)!.resolve()
    await settled()
    expect(begun).toEqual([0, 1, 2])
    ends.get(0)!.resolve()
    ends.get(2)!.resolve()
    await settled()
    ends.get(3)!.resolve()
    await done
    expect(begun).toEqual([0, 1, 2, 3])
  })

  it('begins nothing after a failure, and fails when all that was begun has ended', async () => {
    const { begun, ends, work } = makeWork()
    let isOver = false
    const done = inLanes([0, 1, 2], 2, work).finally(() => {
      isOver = true
    })
    done.catch(() => undefined)
    ends.get(1)!.reject(new Error('first'))
    await settled()
    expect(isOver).toBe(false)
    ends.get(0)!.reject(new Error('second'))
    await expect(done).rejects.toThrow('first')
    expect(begun).toEqual([0, 1])
  })
})

describe('ByteBudget', () => {
  it('lets works wait for memory in their order, and who needs more than there is work alone', async () => {
    const { begun, ends, work } = makeWork()
    const budget = new ByteBudget(10)
    const works = [6, 20, 1].map((bytes, item) => budget.use(bytes, () => work(item)))
    await settled()
    expect(begun).toEqual([0])
    ends.get(0)!.reject(new Error('failed'))
    await expect(works[0]).rejects.toThrow('failed')
    await settled()
    expect(begun).toEqual([0, 1])
    ends.get(1)!.resolve()
    await settled()
    expect(begun).toEqual([0, 1, 2])
    ends.get(2)!.resolve()
    await Promise.all(works.slice(1))
  })
})
