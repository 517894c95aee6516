import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Columns, eraseInMemory, type SearchInMemory, searchFor } from '../../../test/erase-in-memory.ts'
import { Ranges } from '../../domain/ranges.ts'
import { csv } from '../csv/csv.ts'
import { editedView, makeEdit, type Piece } from '../edit.ts'
import type { DetectableFormat } from '../format.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { plain } from '../plain.ts'
import { bytesSource } from '../range-source.ts'
import { detectFormat } from '../registry.ts'
import { makeSpool } from '../spool.ts'
import { compressed } from './compressed.ts'
import { gzip } from './gzip.ts'

const formats = compressed(gzip, [ndjson, csv()])
const [, lines, table] = formats as [DetectableFormat, DetectableFormat, DetectableFormat]
const erase = (bytes: Uint8Array, matches: readonly Columns[], options?: SearchInMemory) =>
  eraseInMemory(lines, bytes, matches, options)

/** Reads like `gzip.open` does, zeros between members passed over. */
const python = 'import gzip,sys; sys.stdout.write(gzip.decompress(sys.stdin.buffer.read()).decode())'

const line = (id: number): string => `{"id":${id},"text":"some text of ${id}"}\n`
const linesOf = (...ids: number[]): string => ids.map(line).join('')
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('gzip', () => {
  test('an erased line is gone and the others stay, for gunzip too', async () => {
    const { kept, found } = await erase(gzipSync(linesOf(1, 2, 3)), [{ id: '2' }])
    expect(gunzipSync(kept).toString()).toBe(linesOf(1, 3))
    expect(execFileSync('gzip', ['-dc'], { input: kept }).toString()).toBe(linesOf(1, 3))
    expect(found).toMatchObject({ rowsSeen: 3 })
  })

  test('members without an erased byte stay where they are, byte for byte', async () => {
    const members = [linesOf(1, 2), linesOf(3), linesOf(4, 5)].map((text) => gzipSync(text))
    const { kept, pieces } = await erase(Buffer.concat(members), [{ id: '3' }])
    expect(kept).toEqual(Buffer.concat([members[0]!, members[2]!]))
    expect(pieces.every(({ from }) => from === 'source')).toBe(true)
    const other = await erase(Buffer.concat(members), [{ id: '5' }])
    expect(other.kept.subarray(0, members[0]!.length + members[1]!.length)).toEqual(Buffer.concat(members.slice(0, 2)))
    expect(gunzipSync(other.kept).toString()).toBe(linesOf(1, 2, 3, 4))
  })

  test('a line across members goes from both', async () => {
    const text = linesOf(1, 2, 3)
    const bytes = Buffer.concat([text.slice(0, 40), text.slice(40, 50), text.slice(50)].map((part) => gzipSync(part)))
    expect(gunzipSync((await erase(bytes, [{ id: '2' }])).kept).toString()).toBe(linesOf(1, 3))
  })

  test.each([[[linesOf(1)]], [[linesOf(1), linesOf(1)]]])(
    'an object that loses all lines is an empty member',
    async (parts) => {
      const { kept } = await erase(Buffer.concat(parts.map((part) => gzipSync(part))), [{ id: '1' }])
      expect(gunzipSync(kept)).toHaveLength(0)
      expect(kept.length).toBeGreaterThan(0)
    },
  )

  test('zeros between and after members stay, and members behind them are read', async () => {
    const zeros = Buffer.alloc(512)
    const [first, second] = [gzipSync(linesOf(1, 2)), gzipSync(linesOf(3))]
    const bytes = Buffer.concat([first, zeros, second, zeros])
    const { kept } = await erase(bytes, [{ id: '3' }])
    expect(kept).toEqual(Buffer.concat([first, zeros, zeros]))
    const other = await erase(bytes, [{ id: '1' }])
    expect(other.kept.subarray(-(zeros.length + second.length + zeros.length))).toEqual(bytes.subarray(first.length))
    const empty = await erase(bytes, [{ id: '1' }, { id: '2' }])
    expect(execFileSync('python3', ['-c', python], { input: empty.kept }).toString()).toBe(linesOf(3))
  })

  test.each(['x', '\0\0x', '\x1f', '\x1f\x8b\x08'])(
    'other bytes after a member (%j) refuse the object',
    async (trailing) => {
      const bytes = Buffer.concat([gzipSync(linesOf(1)), Buffer.from(trailing, 'latin1')])
      expect(await codeOf(erase(bytes, [{ id: '1' }]))).toBe('malformed')
    },
  )

  test('every truncation refuses the object', async () => {
    const bytes = gzipSync(linesOf(1, 2, 3))
    for (let length = 3; length < bytes.length; length += 1) {
      expect(await codeOf(erase(bytes.subarray(0, length), [{ id: '2' }]))).toBe('malformed')
    }
  })

  test('every flipped bit refuses the object, or changes nothing that is read', async () => {
    const bytes = gzipSync(linesOf(1, 2, 3))
    for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >>> 3]! ^= 1 << (bit & 7)
      const outcome = await erase(flipped, [{ id: '2' }]).then(
        ({ kept }) => gunzipSync(kept).toString(),
        (error: { outcome?: string }) => error.outcome,
      )
      expect([linesOf(1, 3), 'refused']).toContain(outcome)
    }
  })

  test('its header stays: name, time, comment, system', async () => {
    const body = gzipSync(linesOf(1, 2))
    const fields = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0x18, 1, 2, 3, 4, 0, 7]), Buffer.from('a.json\0note\0')])
    const { kept, found } = await erase(Buffer.concat([fields, body.subarray(10)]), [{ id: '2' }])
    expect(kept.subarray(0, fields.length)).toEqual(fields)
    expect(gunzipSync(kept).toString()).toBe(linesOf(1))
    expect(found.warnings).toEqual([])
  })

  test('its header may still tell a matched value, and then there is a warning', async () => {
    const fields = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 1, 2, 3, 4, 0, 7]), Buffer.from('user-42.json\0')])
    const { found } = await erase(Buffer.concat([fields, gzipSync(linesOf(42, 2)).subarray(10)]), [{ id: '42' }])
    expect(found.warnings).toEqual([{ code: 'name-still-tells', count: 1 }])
  })

  test('a header with a field that may describe the member can be read, not replaced', async () => {
    const fields = Buffer.from([0x1f, 0x8b, 8, 4, 1, 2, 3, 4, 0, 7, 5, 0, 0x52, 0x41, 1, 0, 9])
    const bytes = Buffer.concat([fields, gzipSync(linesOf(1, 2)).subarray(10)])
    expect((await lines.find(bytesSource(bytes), searchFor([{ id: '1' }]))).rows.size).toBe(1)
    expect(await codeOf(erase(bytes, [{ id: '1' }]))).toBe('unsupported')
  })

  test('a block of blocked gzip keeps telling its size', async () => {
    const block = (text: string): Buffer => {
      const header = Buffer.from('1f8b08040000000000ff0600424302000000', 'hex')
      const member = Buffer.concat([header, gzipSync(text).subarray(10)])
      member.writeUInt16LE(member.length - 1, 16)
      return member
    }
    const { kept } = await erase(Buffer.concat([block(linesOf(1, 2)), block(linesOf(3)), block('')]), [{ id: '2' }])
    const size = kept.readUInt16LE(16) + 1
    expect(gunzipSync(kept.subarray(0, size)).toString()).toBe(linesOf(1))
    expect(kept.subarray(size)).toEqual(Buffer.concat([block(linesOf(3)), block('')]))
  })

  test.each([1, 6, 9])('level %i is met nearly', async (level) => {
    const words = Array.from({ length: 20_000 }, (_, id) => line(id * 7919)).join('')
    const bytes = gzipSync(words, { level })
    const { kept } = await erase(bytes, [{ id: '7919' }])
    expect(kept.length / bytes.length).toBeGreaterThan(0.98)
    expect(kept.length / bytes.length).toBeLessThan(1.02)
    expect(kept[8]).toBe(bytes[8])
  })

  test('what gzip itself made is read, and 5,000 small members', async () => {
    const many = Array.from({ length: 5000 }, (_, id) => line(id))
    const made = execFileSync('gzip', ['-c'], { input: many.join('') })
    expect(gunzipSync((await erase(made, [{ id: '4711' }])).kept).toString()).toBe(many.toSpliced(4711, 1).join(''))
    const bytes = Buffer.concat(many.map((text) => gzipSync(text)))
    const { kept, pieces } = await erase(bytes, [{ id: '4711' }])
    expect(gunzipSync(kept).toString()).toBe(many.toSpliced(4711, 1).join(''))
    expect(pieces).toHaveLength(2)
  })
})

describe('an object', () => {
  const detect = async (name: string, bytes: Uint8Array): Promise<string> => {
    const all = [plain(ndjson), plain(csv()), ...formats]
    return (await detectFormat(all, { name, source: bytesSource(bytes) })).name
  }

  test('is told by what is within, then by its name without the ending', async () => {
    expect(await detect('x', gzipSync(linesOf(1)))).toBe('ndjson.gzip')
    expect(await detect('x.csv.gz', gzipSync(linesOf(1)))).toBe('ndjson.gzip')
    expect(await detect('x.csv.gz', gzipSync('id,b\n1,2\n'))).toBe('csv.gzip')
    expect(await detect('x.csv', gzipSync('id,b\n1,2\n'))).toBe('csv.gzip')
    expect(await detect('x.json.gz', gzipSync(''))).toBe('ndjson.gzip')
    expect(await detect('x.gz', gzipSync(`{"text":"${randomBytes(1e6).toString('hex')}"}`))).toBe('ndjson.gzip')
  })

  test('of no known format within is refused', async () => {
    await expect(detect('x.gz', gzipSync('hello'))).rejects.toMatchObject({ code: 'unknown-format' })
  })

  test.each(['PAR1', 'Obj\x01', 'ORC'])('that is a container within (%j) is refused by name', async (magic) => {
    const bytes = gzipSync(Buffer.from(`${magic}and so on`, 'latin1'))
    const format = await detectFormat([plain(csv()), ...formats], { name: 'x.csv.gz', source: bytesSource(bytes) })
    await expect(format.find(bytesSource(bytes), searchFor([{ id: '1' }]))).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  test('of CSV is searched and erased like a plain one', async () => {
    const { kept } = await eraseInMemory(table, gzipSync('id,b\n1,2\n3,4\n1,"5\n"\n'), [{ id: '1' }])
    expect(gunzipSync(kept).toString()).toBe('id,b\n3,4\n')
  })

  test('is inspected through its compression', async () => {
    const bytes = Buffer.concat([gzipSync('id,b\n'), gzipSync('1,2\n')])
    expect(await table.inspect(bytesSource(bytes))).toMatchObject({
      format: 'csv.gzip',
      facts: {
        compression: { name: 'gzip', members: 2, bytes: bytes.length, decompressedBytes: 9 },
        columns: ['id', 'b'],
        records: 1,
      },
    })
  })

  test.each([
    { maxBytes: 1e6, maxRatio: 1e9 },
    { maxBytes: 2 ** 40, maxRatio: 50 },
  ])('that grows beyond %j is refused', async (limits) => {
    const bytes = gzipSync(line(1).repeat(3_000_000))
    const [, capped] = compressed(gzip, [ndjson], { limits }) as [DetectableFormat, DetectableFormat]
    expect(await codeOf(capped.find(bytesSource(bytes), searchFor([{ id: '7' }])))).toBe('limit-exceeded')
  })
})

describe('verification', () => {
  test('does not accept a member that lost a line too many, or still has one', async () => {
    const source = bytesSource(gzipSync(linesOf(1, 2, 3)))
    const search = searchFor([{ id: '2' }])
    const found = await lines.find(source, search)
    for (const text of [linesOf(1), linesOf(1, 2, 3), linesOf(3, 1), linesOf(1, 3) + line(4)]) {
      const spool = makeSpool()
      const piece = { from: 'spool' as const, ...(await spool.append(gzipSync(text))) }
      const edit = makeEdit([piece], { spool, rowsBefore: 3, rowsErased: 1 })
      await expect(lines.verify(source, { search, found, edit })).rejects.toMatchObject({ code: 'not-verified' })
    }
  })

  test('does not accept that another member is missing or elsewhere', async () => {
    const members = [linesOf(1), linesOf(2), linesOf(3)].map((text) => gzipSync(text))
    const source = bytesSource(Buffer.concat(members))
    const search = searchFor([{ id: '2' }])
    const found = await lines.find(source, search)
    const [a, b] = [members[0]!.length, members[0]!.length + members[1]!.length]
    const wrong: Piece[][] = [
      [{ from: 'source', start: 0, end: a }],
      [
        { from: 'source', start: b, end: source.size },
        { from: 'source', start: 0, end: a },
      ],
      [{ from: 'source', start: 0, end: source.size }],
    ]
    for (const pieces of wrong) {
      const edit = makeEdit(pieces, { spool: makeSpool(), rowsBefore: 3, rowsErased: 1 })
      await expect(lines.verify(source, { search, found, edit })).rejects.toMatchObject({ code: 'not-verified' })
    }
  })

  test('does not depend on what find remembers', async () => {
    const source = bytesSource(Buffer.concat([gzipSync(linesOf(1, 2)), gzipSync(linesOf(3))]))
    const search = searchFor([{ id: '2' }])
    const found = await lines.find(source, search)
    const spool = makeSpool()
    const edit = await lines.erase(source, { search, found: { ...found, ranges: Ranges.of(found.ranges!) }, spool })
    await lines.verify(source, { search, found: { ...found, ranges: Ranges.of(found.ranges!) }, edit })
    expect(gunzipSync(await editedView(source, edit).read(0, edit.size)).toString()).toBe(linesOf(1, 3))
  })
})
