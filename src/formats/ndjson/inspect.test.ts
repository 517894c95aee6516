import { describe, expect, test } from 'vitest'
import { plain } from '../plain.ts'
import { bytesSource } from '../range-source.ts'
import { ndjson } from './ndjson.ts'

async function factsOf(content: string) {
  const { format, facts } = await plain(ndjson).inspect(bytesSource(Buffer.from(content)))
  expect(format).toBe('ndjson')
  return facts
}

describe('inspect', () => {
  test('counts lines of each kind, and top-level keys with their types', async () => {
    const content = [
      '{"id":1,"name":"Ann","ok":true,"x":{"id":2},"tags":[{"id":3}]}',
      '{"id":"2","name":null,"ok":false,"n\\u0061me":"Bo"}',
      '',
      '42',
      '[1]',
      '{"id":3,"name":"lost"',
      '{}',
    ].join('\n')
    expect(await factsOf(content)).toEqual({
      lines: 7,
      objects: 3,
      arrays: 1,
      scalars: 1,
      blank: 1,
      malformed: 1,
      keys: {
        id: { number: 1, string: 1 },
        name: { string: 2, null: 1 },
        ok: { boolean: 2 },
        x: { object: 1 },
        tags: { array: 1 },
      },
    })
  })

  test('tells no value of a row', async () => {
    const facts = await factsOf('{"id":"secret-1","x":{"secret-2":["secret-3"]}}\n"secret-4"\n{"secret-5\n')
    expect(JSON.stringify(facts)).not.toContain('secret')
  })

  test('names a thousand keys, and counts values at others together', async () => {
    const lines = Array.from({ length: 1100 }, (_, index) => `{"key-${index}":1,"key-0":2}`)
    const { keys, valuesAtOtherKeys } = await factsOf([...lines, `{"${'x'.repeat(2000)}":1}`].join('\n'))
    expect(Object.keys(keys as object)).toHaveLength(1000)
    expect(valuesAtOtherKeys).toBe(101)
  })

  test('takes any name of a key', async () => {
    const { keys } = await factsOf('{"__proto__":1,"constructor":"x","":null}\n')
    expect(JSON.stringify(keys)).toBe('{"__proto__":{"number":1},"constructor":{"string":1},"":{"null":1}}')
  })

  test('of an empty object finds nothing', async () => {
    expect(await factsOf('')).toMatchObject({ lines: 0, keys: {} })
  })

  test('refuses what is no NDJSON', async () => {
    await expect(factsOf('{\n  "id": 1\n}\n')).rejects.toMatchObject({ code: 'unsupported' })
    await expect(factsOf('{\0"\0i\0')).rejects.toMatchObject({ code: 'unsupported' })
  })
})
