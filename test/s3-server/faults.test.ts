import { describe, expect, test } from 'vitest'
import type { ObjectReport } from '../../src/domain/report.ts'
import { type Bench, type Eraser, letheEraser, startBench, violations, violationsAtTheEnd } from './erasure-bench.ts'
import type { Fault } from './fault-proxy.ts'

/** Erases with a fault at one request, and then again without; yields what did not hold, and whether there was a fault. */
async function eraseWithFault(
  bench: Bench,
  eraser: Eraser,
  { fault, at }: { readonly fault: Fault; readonly at: number },
): Promise<{ readonly wrong: string[]; readonly met: boolean }> {
  bench.reset()
  bench.proxy.before = ({ number }) => (number === at ? fault : undefined)
  const reports = await eraser(bench.proxy.endpoint).catch((): readonly ObjectReport[] => [])
  const met = bench.proxy.requests.length >= at
  const wrong = violations(bench, reports)
  bench.proxy.reset()
  return { wrong: [...wrong, ...violationsAtTheEnd(bench, await eraser(bench.proxy.endpoint))], met }
}

const faults: readonly { readonly title: string; readonly fault: Fault; readonly every?: number }[] = [
  { title: 'a status of 500', fault: { kind: 'status', status: 500, code: 'InternalError' } },
  // After it the client is slow for seconds, as it was told to be.
  { title: 'a status of 503, SlowDown', fault: { kind: 'status', status: 503, code: 'SlowDown' }, every: 19 },
  { title: 'a status of 403', fault: { kind: 'status', status: 403, code: 'AccessDenied' } },
  { title: 'an error in a 200', fault: { kind: 'error-in-200', code: 'InternalError' } },
  { title: 'a request that is lost', fault: { kind: 'lost-request' } },
  { title: 'an answer that is lost after the request was carried out', fault: { kind: 'lost-answer' } },
  { title: 'an answer that is cut', fault: { kind: 'cut', afterBytes: 7 } },
  { title: 'a request that arrives twice', fault: { kind: 'duplicate' } },
]

describe('with a fault at each request in turn, nothing is lost or falsely said, and the next run completes', () => {
  test.concurrent.each(faults)(
    '$title',
    async ({ fault, every = 1 }) => {
      await using bench = await startBench()
      for (let at = 1; ; at += every) {
        const { wrong, met } = await eraseWithFault(bench, letheEraser(), { fault, at })
        // Of two uploads that one request has begun, nobody hears of the first; it has no part, and holds nothing.
        const isExpected = (words: string) =>
          fault.kind === 'duplicate' && /uploads are left: [^,]* \(0 parts\)$/.test(words)
        expect({ at, wrong: wrong.filter((words) => !isExpected(words)) }).toEqual({ at, wrong: [] })
        if (!met) break
      }
    },
    300_000,
  )
})
