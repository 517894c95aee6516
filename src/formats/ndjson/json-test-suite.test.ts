import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eraseFromBytes, findInBytes, matchesOf, searchFor } from '../../../test/erase-bytes.ts'
import { hasShared, sharedPath } from '../../../test/shared.ts'
import { LetheError } from '../../domain/error.ts'
import { plain } from '../plain.ts'
import { JsonReader, token } from './json-reader.ts'
import { ndjson } from './ndjson.ts'

const folder = ['corpora', 'json-test-suite', 'test_parsing'] as const
const format = plain(ndjson)
const before = Buffer.from('{"id":"before"}\n')
const erased = Buffer.from('{"id":"erase me"}\n')
const after = Buffer.from('\n{"id":"after"}')
const matches = matchesOf({ id: 'erase me' })

/** `erased`: every other byte is as it was. `refused`: nothing is erased. */
async function fate(text: Buffer, malformed: 'refuse' | 'keep'): Promise<'erased' | 'refused'> {
  const search = searchFor(matches, { malformed })
  try {
    const left = await eraseFromBytes(format, Buffer.concat([before, erased, text, after]), search)
    expect(left.equals(Buffer.concat([before, text, after]))).toBe(true)
    return 'erased'
  } catch (error) {
    if (error instanceof LetheError && error.outcome === 'refused') return 'refused'
    throw error
  }
}

function accepts(text: Buffer): boolean {
  const reader = new JsonReader()
  reader.open(text, 0, text.length)
  for (;;) {
    const read = reader.next()
    if (read === token.end) return true
    if (read === token.invalid || read === token.unfinished) return false
  }
}

describe.skipIf(!hasShared(...folder))('JSON test suite (needs the shared material)', () => {
  const names = hasShared(...folder) ? readdirSync(sharedPath(...folder)).filter((name) => name.endsWith('.json')) : []
  const texts = names.map((name) => ({ name, text: readFileSync(sharedPath(...folder, name)) }))
  const isLine = ({ text }: { text: Buffer }) => !text.subarray(0, text.length - 1).includes(0x0a)
  const starting = (prefix: string) => texts.filter(({ name }) => name.startsWith(prefix))

  test('is there', () => {
    expect(starting('y_').length).toBeGreaterThan(90)
    expect(starting('n_').length).toBeGreaterThan(180)
  })

  test.each(starting('y_').filter(isLine))('keeps the line $name byte for byte', async ({ text }) => {
    expect(await fate(text, 'refuse')).toBe('erased')
    expect(await fate(text, 'keep')).toBe('erased')
  })

  test.each(starting('y_').filter((one) => !isLine(one)))(
    'refuses $name, which has several lines',
    async ({ text }) => {
      expect(await fate(text, 'refuse')).toBe('refused')
      expect(await fate(text, 'keep')).toBe('refused')
    },
  )

  test.each([...starting('n_'), ...starting('i_')])('keeps $name byte for byte or refuses it', async ({ text }) => {
    await fate(text, 'refuse')
    await fate(text, 'keep')
  })

  test.each(starting('y_'))('reads $name as JSON', ({ text }) => {
    expect(accepts(text)).toBe(true)
  })

  test.each(starting('n_'))('does not read $name as JSON', ({ text }) => {
    expect(accepts(text)).toBe(false)
  })

  test.each(texts.filter(isLine))(
    'refuses $name or keeps it when a row that is to go holds it',
    async ({ name, text }) => {
      const line = Buffer.concat([
        Buffer.from('{"x":'),
        text.subarray(0, text.length - (text.at(-1) === 0x0a ? 1 : 0)),
        Buffer.from(',"id":"erase me"}\n'),
      ])
      const found = findInBytes(format, Buffer.concat([before, line]), searchFor(matches))
      if (name.startsWith('y_')) expect((await found).rows.size).toBe(1)
      else if (name.startsWith('n_'))
        await expect(found).rejects.toMatchObject({ code: 'malformed', detail: { line: 2 } })
      else await found.catch((error: unknown) => expect(error).toMatchObject({ outcome: 'refused' }))
    },
  )
})

describe('nesting', () => {
  const levels = 100_000

  test('of any depth is read without recursion', async () => {
    const deep = `{"x":${'[{"x":'.repeat(levels)}1${'}]'.repeat(levels)},"id":"erase me"}\n`
    const kept = `{"x":${'['.repeat(levels)}${']'.repeat(levels)}}\n`
    const left = await eraseFromBytes(format, Buffer.from(kept + deep + kept), searchFor(matches))
    expect(left.toString()).toBe(kept + kept)
  })

  test('that does not end refuses the object', async () => {
    for (const open of ['[', '{"x":', '[{"x":']) {
      const found = findInBytes(format, Buffer.from(`{}\n${open.repeat(levels)}\n`), searchFor(matches))
      await expect(found).rejects.toMatchObject({ code: 'malformed', detail: { line: 2 } })
    }
  })
})
