import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eraseFromBytes, findInBytes, matchesOf, rowsOf, searchFor } from '../../../test/erase-bytes.ts'
import { LetheError } from '../../domain/error.ts'
import type { PartitionColumn } from '../../domain/partition.ts'
import { bind } from '../../domain/predicate.ts'
import { plain } from '../plain.ts'
import { compilePredicate } from './compiled-predicate.ts'
import { LineFilter, verdict } from './line-filter.ts'
import { ndjson } from './ndjson.ts'
import { PartitionValues } from './partition-values.ts'
import { RowMatcher } from './row-matcher.ts'
import { scan } from './scan.ts'

const format = plain(ndjson)

// A line is made from a model, printed in one of many ways; what it means is computed from the model alone.

type Model =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly digits: bigint; readonly scale: number; readonly form: string }
  | { readonly kind: 'word'; readonly word: 'true' | 'false' | 'null' }
  | { readonly kind: 'array'; readonly items: readonly Model[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Model])[] }

const keys = ['id', 'ID', 'Id', 'user', 'User', 'user.id', 'items', 'tags', 'tags[]', 'x', 'région', 'RÉGION', '']
const texts = [
  '42',
  '42.0',
  '4.20',
  '-0',
  '0',
  '',
  'a',
  'A',
  'é',
  '😀',
  'true',
  'null',
  '1e2',
  '100',
  '\ud800',
  '{"',
  '\\"',
]
const columns = ['id', 'user', 'user.id', 'items[].id', 'tags[]', 'région', 'items[].tags[]', 'tags[].x[]', '', 'x']

const numbers = fc.constantFrom<readonly [bigint, number, string]>(
  [42n, 0, '42'],
  [42n, 0, '42.00'],
  [42n, 0, '4.2E+1'],
  [42n, 0, '0.42e2'],
  [42n, 1, '4.2'],
  [42n, 1, '42e-1'],
  [0n, 0, '-0'],
  [0n, 0, '0.0e7'],
  [1n, -2, '1e2'],
  [100n, 0, '100'],
  [43n, 0, '43'],
)

const scalar: fc.Arbitrary<Model> = fc.oneof(
  fc.constantFrom(...texts).map((text) => ({ kind: 'string' as const, text })),
  numbers.map(([digits, scale, form]) => ({ kind: 'number' as const, digits, scale, form })),
  fc.constantFrom('true', 'false', 'null').map((word) => ({ kind: 'word' as const, word })),
)

const { value } = fc.letrec<{ value: Model }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }).map((items) => ({ kind: 'array' as const, items })),
    entriesOf(tie('value')).map((entries) => ({ kind: 'object' as const, entries })),
  ),
}))

function entriesOf(values: fc.Arbitrary<Model>): fc.Arbitrary<(readonly [string, Model])[]> {
  return fc.array(fc.tuple(fc.constantFrom(...keys), values), { maxLength: 4 })
}

const row = entriesOf(value).map((entries) => ({ kind: 'object' as const, entries }))

/** How a line is printed, choice by choice, over and over. */
const style = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 20 })

function print(model: Model, styles: readonly number[]): string {
  let drawn = 0
  return printOne(model, () => styles[drawn++ % styles.length]!)
}

function printOne(model: Model, draw: () => number): string {
  const space = (): string => ['', '', ' ', '\t\r '][draw()]!
  const string = (text: string): string =>
    `"${[...text].map((character) => printCharacter(character, draw())).join('')}"`
  const parts = (items: readonly string[]): string => items.join(`${space()},${space()}`)
  switch (model.kind) {
    case 'string':
      return string(model.text)
    case 'number':
      return model.form
    case 'word':
      return model.word
    case 'array':
      return `[${space()}${parts(model.items.map((item) => printOne(item, draw)))}${space()}]`
    case 'object': {
      const entries = model.entries.map(([key, item]) => `${string(key)}${space()}:${space()}${printOne(item, draw)}`)
      return `${space()}{${space()}${parts(entries)}${space()}}${space()}`
    }
  }
}

function printCharacter(character: string, choice: number): string {
  // A surrogate alone can only be escaped: as UTF-8 it would be another character.
  if (choice < 3 && character.isWellFormed()) return JSON.stringify(character).slice(1, -1)
  return Array.from({ length: character.length }, (_, index) => {
    const digits = character.charCodeAt(index).toString(16).padStart(4, '0')
    return `\\u${index === 0 ? digits : digits.toUpperCase()}`
  }).join('')
}

/** The values of a column in a row, by the best of its names. */
function valuesOf(column: string, model: Model, partitions: readonly PartitionColumn[]): readonly Model[] {
  if (model.kind !== 'object') return []
  const folders = (isMeant: (name: string) => boolean): Model[] =>
    partitions
      .filter(({ name }) => isMeant(name))
      .map(({ value: text }) => (text === null ? { kind: 'word', word: 'null' } : { kind: 'string', text }))
  const atKey = (isMeant: (name: string) => boolean): Model[] =>
    model.entries.filter(([key]) => isMeant(key)).map(([, item]) => item)
  const atPath = (isMeant: (key: string, step: string) => boolean): { found: Model[]; exists: boolean } =>
    walk([model], column.split('.'), isMeant)
  const same = (key: string) => key === column
  const alike = (key: string) => key.toLowerCase() === column.toLowerCase()
  const exactKey = atKey(same)
  if (exactKey.length > 0) return exactKey
  const exactPath = atPath((key, step) => key === step)
  if (exactPath.exists) return exactPath.found
  const exactFolder = folders(same)
  if (exactFolder.length > 0) return exactFolder
  const path = atPath((key, step) => key.toLowerCase() === step.toLowerCase()).found
  return [...new Set([...atKey(alike), ...path]), ...folders(alike)]
}

function walk(
  from: readonly Model[],
  [step, ...more]: readonly string[],
  isMeant: (key: string, step: string) => boolean,
): { found: Model[]; exists: boolean } {
  if (step === undefined) return { found: [...from], exists: from.length > 0 }
  const key = step.replace(/(\[\])*$/, '')
  let reached = from.flatMap((model) =>
    model.kind === 'object' ? model.entries.filter(([name]) => isMeant(name, key)).map(([, item]) => item) : [],
  )
  let exists = false
  for (let level = 0; level < (step.length - key.length) / 2; level += 1) {
    const arrays = reached.filter((model) => model.kind === 'array')
    exists = arrays.length > 0
    reached = arrays.flatMap((model) => model.items)
  }
  const rest = walk(reached, more, isMeant)
  return more.length === 0 ? { found: rest.found, exists: rest.exists || exists } : rest
}

function equals(model: Model, text: string): boolean {
  switch (model.kind) {
    case 'string':
      return model.text === text
    case 'word':
      return model.word !== 'null' && model.word === text
    case 'number': {
      const parts = /^(-?(?:0|[1-9]\d*))(?:\.(\d+))?$/.exec(text)
      if (parts === null) return false
      const fraction = parts[2] ?? ''
      const scales = 20n
      const left = model.digits * 10n ** (scales - BigInt(model.scale))
      return left === BigInt(parts[1]! + fraction) * 10n ** (scales - BigInt(fraction.length))
    }
    default:
      return false
  }
}

type Columns = Readonly<Record<string, string>>

function holds(match: Columns, model: Model, partitions: readonly PartitionColumn[]): boolean {
  return Object.entries(match).every(([column, text]) =>
    valuesOf(column, model, partitions).some((item) => equals(item, text)),
  )
}

const match: fc.Arbitrary<Columns> = fc.dictionary(fc.constantFrom(...columns), fc.constantFrom(...texts), {
  minKeys: 1,
  maxKeys: 2,
  noNullPrototype: true,
})
const matches = fc.array(match, { minLength: 1, maxLength: 5 })
const partitions = fc.array(
  fc.record({
    name: fc.constantFrom('id', 'région', 'Région', 'x', 'user.id'),
    value: fc.constantFrom('42', 'a', null),
  }),
  { maxLength: 2 },
)

interface Line {
  readonly model: Model | undefined
  readonly text: string
}

const line: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(row, style).map(([model, styles]) => ({ model, text: print(model, styles) })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' \r', '42', '"42"', 'null', '["42"]').map((text) => ({ model: undefined, text })),
  },
)

const lines = fc.record({ lines: fc.array(line, { maxLength: 8 }), isEnded: fc.boolean(), hasMark: fc.boolean() })

function contentOf({
  lines: all,
  isEnded,
  hasMark,
}: {
  lines: readonly Line[]
  isEnded: boolean
  hasMark: boolean
}): Buffer {
  const end = isEnded && all.length > 0 ? '\n' : ''
  return Buffer.from((hasMark ? '\ufeff' : '') + all.map(({ text }) => text).join('\n') + end)
}

/** The physical lines of a content, newline included, without a byte-order mark. */
function linesOf(content: Buffer): Buffer[] {
  const text = content.toString('latin1').replace(/^\xef\xbb\xbf/, '')
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((one) => Buffer.from(one, 'latin1'))
}

const runs = { numRuns: 1000 }

describe('what is found', () => {
  test('is what the values of each line say, whatever their form', async () => {
    await fc.assert(
      fc.asyncProperty(lines, matches, partitions, async (content, wanted, folders) => {
        const bytes = contentOf(content)
        const found = await findInBytes(format, bytes, searchFor(matchesOf(...wanted), { partitions: folders }))
        const count = linesOf(bytes).length
        const models = content.lines.slice(0, count).map(({ model }) => model)
        const expected = models.flatMap((model, index) =>
          model !== undefined && wanted.some((one) => holds(one, model, folders)) ? [index] : [],
        )
        expect(rowsOf(found)).toEqual(expected)
        expect(found.rowsSeen).toBe(count)
        const hits = wanted.flatMap((one, position) => {
          const isFirst =
            wanted.findIndex(
              (other) => JSON.stringify(Object.entries(other).sort()) === JSON.stringify(Object.entries(one).sort()),
            ) === position
          const rows = models.filter((model) => model !== undefined && holds(one, model, folders)).length
          return isFirst && rows > 0 ? [[position, rows]] : []
        })
        const named = [...new Set(wanted.flatMap((one) => Object.keys(one)))]
        const isContainer = ({ kind }: Model) => kind === 'array' || kind === 'object'
        const warned = models.filter(
          (model) => model !== undefined && named.some((column) => valuesOf(column, model, folders).some(isContainer)),
        )
        expect(found.warnings).toEqual(warned.length === 0 ? [] : [{ code: 'array-at-key', count: warned.length }])
        expect([...found.hits].sort(([a], [b]) => a - b)).toEqual(hits)
      }),
      runs,
    )
  })

  test('does not depend on how the stream is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        lines,
        matches,
        fc.array(fc.nat({ max: 9 }), { minLength: 1 }),
        async (content, wanted, sizes) => {
          const bytes = contentOf(content)
          async function* pieces(): AsyncGenerator<Uint8Array> {
            for (let at = 0, index = 0; at < bytes.length; index += 1) {
              const size = sizes[index % sizes.length]! + (index % sizes.length === 0 ? 1 : 0)
              yield Uint8Array.from(bytes.subarray(at, at + size))
              at += size
            }
          }
          const search = searchFor(matchesOf(...wanted))
          const whole = await findInBytes(format, bytes, search)
          const cut = await scan(pieces, search)
          expect([...cut.ranges]).toEqual([...whole.ranges!])
          expect([...cut.rows]).toEqual([...whole.rows])
          expect({ ...cut, rows: 0, ranges: 0 }).toEqual({
            ...whole,
            rows: 0,
            ranges: 0,
            estimate: undefined,
            streamBytes: bytes.length,
          })
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('erasing', () => {
  test('leaves exactly the lines that were not found, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(lines, matches, async (content, wanted) => {
        const bytes = contentOf(content)
        const search = searchFor(matchesOf(...wanted))
        const gone = new Set(rowsOf(await findInBytes(format, bytes, search)))
        const mark = content.hasMark ? [Buffer.from('\ufeff')] : []
        const kept = Buffer.concat([...mark, ...linesOf(bytes).filter((_, index) => !gone.has(index))])
        expect((await eraseFromBytes(format, bytes, search)).equals(kept)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('nothing is the identity on bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const left = await eraseFromBytes(format, bytes, searchFor([], { malformed: 'keep' })).catch(
          (error: unknown) => {
            expect(error).toMatchObject({ outcome: 'refused' })
            return bytes
          },
        )
        expect(Buffer.from(left).equals(bytes)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('one match, then another, is the same as either', async () => {
    await fc.assert(
      fc.asyncProperty(lines, matches, matches, async (content, a, b) => {
        const bytes = contentOf(content)
        const withoutA = await eraseFromBytes(format, bytes, searchFor(matchesOf(...a)))
        const withoutBoth = await eraseFromBytes(format, withoutA, searchFor(matchesOf(...b)))
        expect(withoutBoth.equals(await eraseFromBytes(format, bytes, searchFor(matchesOf(...a, ...b))))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the fast look at a line', () => {
  /** Both looks at one line, all columns known. */
  function looks(bytes: Buffer, wanted: readonly Columns[], folders: readonly PartitionColumn[] = []) {
    const predicate = compilePredicate(bind(matchesOf(...wanted)))
    const partitions = new PartitionValues(predicate, folders)
    const filter = new LineFilter(predicate, partitions)
    filter.noteSeen(new Uint8Array(predicate.columns.length).fill(1))
    const matcher = new RowMatcher(predicate, partitions)
    const ended = Buffer.concat([bytes, Buffer.from('\n')])
    const fast = filter.judge(ended, 0)
    return { fast, next: filter.next, full: matcher.read(ended, 0, bytes.length), matcher }
  }

  test('never passes over what the full look finds', () => {
    const byte = fc
      .oneof(fc.constantFrom(...Buffer.from('{}[]:,"\\ \t\r0 42e.-tnu')), fc.nat({ max: 255 }))
      .filter((one) => one !== 0x0a)
    const damage = fc.record({ at: fc.nat(), length: fc.nat({ max: 2 }), bytes: fc.array(byte, { maxLength: 2 }) })
    const damaged = fc.tuple(row, style, fc.array(damage, { maxLength: 2 })).map(([model, styles, damages]) => {
      let bytes = Buffer.from(print(model, styles))
      for (const { at, length, bytes: inserted } of damages) {
        const from = at % (bytes.length + 1)
        bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(inserted), bytes.subarray(from + length)])
      }
      return bytes
    })
    const seen = new Set<string>()
    fc.assert(
      fc.property(damaged, matches, partitions, (bytes, wanted, folders) => {
        const { fast, next, full, matcher } = looks(bytes, wanted, folders)
        seen.add(`${full} ${fast}`)
        expect(next).toBe(bytes.length + 1)
        if (full === 'object') {
          if (matcher.positions.size > 0) expect(fast).toBe(verdict.mayMatch)
          if (matcher.hasContainerAtKey) expect(fast).toBeGreaterThanOrEqual(verdict.look)
          expect(fast).not.toBe(verdict.unclear)
        } else if (full !== 'malformed') {
          expect(fast).toBe(verdict.unclear)
        }
      }),
      { numRuns: 3000 },
    )
    expect([...seen].sort()).toEqual(
      expect.arrayContaining(['malformed 0', 'malformed 3', 'object 0', 'object 1', 'object 2']),
    )
  })

  test('never passes over a line that a stray byte broke beside a value that matches', () => {
    const entry = fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom('1', '"s"', '[1,"t"]', '{"d":null}', 'true', '""'),
    )
    const entries = fc.array(
      entry.map(([key, json]) => `"${key}":${json}`),
      { maxLength: 3 },
    )
    const stray = fc.constantFrom(...'{}[]:,"\\')
    fc.assert(
      fc.property(
        entries,
        entries,
        fc.constantFrom('"42"', '42', '42.0', '"\\u0034\\u0032"'),
        stray,
        fc.nat(),
        (before, after, id, byte, at) => {
          const held = `"id":${id}`
          const text = `{${[...before, held, ...after].join()}}`
          const from = text.indexOf(held)
          const place = at % (text.length + 1)
          fc.pre(place <= from || place >= from + held.length)
          const { fast, full } = looks(Buffer.from(text.slice(0, place) + byte + text.slice(place)), [{ id: '42' }])
          if (full === 'malformed') expect(fast).toBeGreaterThanOrEqual(verdict.mayMatch)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('any bytes at all', () => {
  test('are searched or refused, and all but whole lines is left as it was', async () => {
    const nasty = fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          '"',
          ':',
          ',',
          '\\',
          '\n',
          ' ',
          '"id"',
          '42',
          '"42"',
          '\r\n',
          '\ufeff',
          '\0',
          'é',
          '{"id":42}',
        ),
        { maxLength: 40 },
      )
      .map((parts) => Buffer.from(parts.join('')))
    await fc.assert(
      fc.asyncProperty(nasty, fc.constantFrom('refuse', 'keep'), async (bytes, malformed) => {
        const search = searchFor(matchesOf({ id: '42' }), { malformed })
        try {
          const gone = new Set(rowsOf(await findInBytes(format, bytes, search)))
          const mark = bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? [bytes.subarray(0, 3)] : []
          const kept = Buffer.concat([...mark, ...linesOf(bytes).filter((_, index) => !gone.has(index))])
          expect((await eraseFromBytes(format, bytes, search)).equals(kept)).toBe(true)
        } catch (error) {
          if (!(error instanceof LetheError)) throw error
          expect(error.outcome).toBe('refused')
        }
      }),
      { numRuns: 1000 },
    )
  })
})
