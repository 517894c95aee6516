import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ranges } from '../../../domain/ranges.ts'
import { decodeHybrid } from '../rle-hybrid.ts'
import { ByteSink } from './byte-sink.ts'
import { HybridEncoder } from './hybrid-encoder.ts'
import { remapIndices } from './remap-indices.ts'
import { spliceHybrid } from './splice-hybrid.ts'

/** Values in stretches, as runs and packed groups both need them. */
const sections = fc
  .integer({ min: 0, max: 32 })
  .chain((bitWidth) =>
    fc.record({
      bitWidth: fc.constant(bitWidth),
      stretches: fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 2 ** bitWidth - 1 }),
          fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
        ),
        { maxLength: 60 },
      ),
      dropEvery: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 10, max: 200 })),
      dropLength: fc.integer({ min: 1, max: 30 }),
      offset: fc.nat(100),
    }),
  )
  .map(({ bitWidth, stretches, dropEvery, dropLength, offset }) => {
    const values = stretches.flatMap(([value, times]) => Array.from({ length: times }, () => value))
    const isDropped = (index: number) => (index + offset) % (dropEvery + dropLength) < dropLength
    return { bitWidth, values, isDropped }
  })

function encode(values: readonly number[], bitWidth: number): Uint8Array {
  const sink = new ByteSink()
  const encoder = new HybridEncoder(sink, bitWidth)
  for (const value of values) encoder.add(value)
  encoder.finish()
  return sink.view().slice()
}

function decode(bytes: Uint8Array, bitWidth: number, numValues: number): number[] {
  return [...decodeHybrid({ bytes, bitWidth, numValues }, new Uint32Array(numValues))]
}

describe('runs of the hybrid encoding', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(sections, ({ bitWidth, values }) => {
        expect(decode(encode(values, bitWidth), bitWidth, values.length)).toEqual(values)
      }),
    )
  })

  it('spliced are the values without those dropped, and tell the dropped ones in order', () => {
    fc.assert(
      fc.property(sections, ({ bitWidth, values, isDropped }) => {
        const drops = new Ranges()
        for (const index of values.keys()) if (isDropped(index)) drops.add(index)
        const sink = new ByteSink()
        const dropped: number[] = []
        const onDropped = (value: number, times: number) => dropped.push(...Array.from({ length: times }, () => value))
        const section = { bytes: encode(values, bitWidth), bitWidth, numValues: values.length }
        spliceHybrid(section, { drops, sink, onDropped })
        const kept = values.filter((_, index) => !isDropped(index))
        expect(decode(sink.view(), bitWidth, kept.length)).toEqual(kept)
        expect(dropped).toEqual(values.filter((_, index) => isDropped(index)))
      }),
      { numRuns: 500 },
    )
  })

  it('keep packed groups without a drop as they are', () => {
    const values = Array.from({ length: 800 }, (_, index) => (index * 7) % 31)
    const bytes = encode(values, 5)
    const sink = new ByteSink()
    spliceHybrid(
      { bytes, bitWidth: 5, numValues: 800 },
      { drops: Ranges.of([{ start: 401, end: 402 }]), sink, onDropped: () => undefined },
    )
    // 50 groups before the drop, behind a header; behind it at last the 37 of the second packed run.
    expect(sink.view(1).subarray(0, 250)).toEqual(bytes.subarray(1, 251))
    expect(sink.view(sink.size - 185)).toEqual(bytes.subarray(-185))
    expect(sink.size).toBeLessThan(bytes.length + 20)
    expect(decode(sink.view(), 5, 799)).toEqual(values.filter((_, index) => index !== 401))
  })

  it('of no bits become one run, also where they were packed', () => {
    // 43 in 6 groups of nothing: the index of the one entry of a dictionary.
    const section = { bytes: Uint8Array.of(13), bitWidth: 0, numValues: 43 }
    const sink = new ByteSink()
    const drops = Ranges.of([{ start: 20, end: 22 }])
    spliceHybrid(section, { drops, sink, onDropped: () => undefined })
    expect([...sink.view()]).toEqual([82])
  })

  it('point into another dictionary after a remap', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { maxLength: 500 }), (values) => {
        const map = Uint32Array.from({ length: 301 }, (_, index) => 300 - index)
        const sink = new ByteSink()
        const bytes = Uint8Array.of(9, ...encode(values, 9))
        remapIndices(bytes, { count: values.length, map, sink })
        const mapped = values.length === 0 ? [] : decode(sink.view(1), 9, values.length)
        expect(mapped).toEqual(values.map((value) => 300 - value))
      }),
    )
  })
})
