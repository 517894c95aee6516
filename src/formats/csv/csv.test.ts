import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { type Columns, eraseInMemory, type SearchInMemory, searchFor } from '../../../test/erase-in-memory.ts'
import { hasShared, sharedPath } from '../../../test/shared.ts'
import { Ranges } from '../../domain/ranges.ts'
import { plain } from '../plain.ts'
import { bytesSource } from '../range-source.ts'
import { makeSpool } from '../spool.ts'
import { csv } from './csv.ts'
import type { CsvOptions } from './options.ts'

const erase = (
  content: string | Buffer,
  matches: readonly Columns[],
  { options = {}, ...search }: SearchInMemory & { readonly options?: CsvOptions } = {},
) => eraseInMemory(plain(csv(options)), Buffer.from(content as string), matches, search)

const keptOf = async (...erased: Parameters<typeof erase>): Promise<string> => (await erase(...erased)).kept.toString()

const reasonOf = (...erased: Parameters<typeof erase>): Promise<string> =>
  erase(...erased).then(
    ({ rows }) => `found ${rows.length}`,
    (error: { code: string }) => error.code,
  )

describe('rows', () => {
  test.each([
    ['LF', 'id,name\n1,Ann\n2,Bob\n3,Ann\n', 'id,name\n2,Bob\n'],
    ['CRLF', 'id,name\r\n1,Ann\r\n2,Bob\r\n3,Ann\r\n', 'id,name\r\n2,Bob\r\n'],
    ['CR', 'id,name\r1,Ann\r2,Bob\r3,Ann\r', 'id,name\r2,Bob\r'],
    ['both LF and CRLF', 'id,name\n1,Ann\r\n2,Bob\r\n3,Ann\n', 'id,name\n2,Bob\r\n'],
    ['no last line end', 'id,name\n1,Ann\n2,Bob\n3,Ann', 'id,name\n2,Bob\n'],
    ['empty lines', '\n\nid,name\n\n1,Ann\n\n2,Bob\n\n', '\n\nid,name\n\n\n2,Bob\n\n'],
    ['quoted line ends', 'id,name\n1,"Ann"\n2,"Bob\n1,Ann\n"\n', 'id,name\n2,"Bob\n1,Ann\n"\n'],
    ['too few and too many cells', 'id,name\n1,Ann,x\n2\n3,Ann\n,,,\n', 'id,name\n2\n,,,\n'],
    ['a quote within a cell', 'id,name\n1,Ann\n2,5" pipe\n', 'id,name\n2,5" pipe\n'],
  ])('with %s go, others stay byte for byte', async (_, content, kept) => {
    expect(await keptOf(content, [{ name: 'Ann' }])).toBe(kept)
  })

  test('are numbered from the header, empty lines aside', async () => {
    const { rows, found } = await erase('id,name\n\n1,Ann\n2,Bob\n3,Ann\n', [{ name: 'Ann' }])
    expect({ rows, seen: found.rowsSeen }).toEqual({ rows: [0, 2], seen: 3 })
  })

  test('that are all erased leave the header', async () => {
    expect(await keptOf('id\n1\n1\n', [{ id: '1' }])).toBe('id\n')
  })

  test('of an object with a header alone, and of an empty one, are none', async () => {
    expect((await erase('id,name\n', [{ id: '1' }])).found).toMatchObject({ rowsSeen: 0, columns: new Set(['id']) })
    expect((await erase('', [{ id: '1' }])).found).toMatchObject({ rowsSeen: 0, columns: new Set() })
  })

  test('longer than many chunks are found', async () => {
    const long = 'x'.repeat(9 * 1024 * 1024)
    expect(await keptOf(`id,text\n1,"${long}\n"\n2,${long}\n3,c\n`, [{ id: '2' }])).toBe(
      `id,text\n1,"${long}\n"\n3,c\n`,
    )
  })

  test('are told by hits for each match', async () => {
    const { found } = await erase('id,name\n1,Ann\n2,Bob\n3,Ann\n', [{ name: 'Ann' }, { id: '3' }, { id: '9' }])
    expect([...found.hits]).toEqual([
      [0, 2],
      [1, 1],
    ])
  })
})

describe('a cell', () => {
  test.each([
    ['as it is', '1,a\n', 'a'],
    ['in quotes', '1,"a"\n', 'a'],
    ['with a doubled quote', '1,"say ""a"""\n', 'say "a"'],
    ['with the delimiter in quotes', '1,"a,b"\n', 'a,b'],
    ['with a line end in quotes', '1,"a\r\nb"\n', 'a\r\nb'],
    ['that is empty', '1,\n', ''],
    ['that is an empty quoted one', '1,""\n', ''],
    ['with edge spaces', '1, a \n', ' a '],
    ['beyond ASCII', '1,Zoë 🦊\n', 'Zoë 🦊'],
    ['that looks like a number', '1,007\n', '007'],
  ])('%s equals its text', async (_, row, text) => {
    expect(await keptOf(`id,v\n2,other\n${row}`, [{ v: text }])).toBe('id,v\n2,other\n')
  })

  test.each([
    ['a number of another form', '42.0', '42'],
    ['edge spaces', ' a', 'a'],
    ['another case', 'A', 'a'],
    ['another normal form', 'e\u0301', '\u00e9'],
    ['a text that goes on', 'ab', 'a'],
    ['an empty cell', '', 'null'],
  ])('of %s equals it not', async (_, cell, text) => {
    expect(await reasonOf(`id,v\n1,${cell}\n`, [{ v: text }])).toBe('found 0')
  })

  test('that is missing in a short record matches nothing', async () => {
    expect(await reasonOf('id,v\n1\n', [{ v: '' }])).toBe('found 0')
  })
})

describe('columns', () => {
  test('must all hold in a composite', async () => {
    const content = 'last,born\nDoe,1970\nDoe,1980\nRoe,1970\n'
    expect(await keptOf(content, [{ last: 'Doe', born: '1970' }])).toBe('last,born\nDoe,1980\nRoe,1970\n')
  })

  test('of another case are taken only where the exact one is missing', async () => {
    expect(await reasonOf('ID,id\n1,2\n', [{ id: '1' }])).toBe('found 0')
    expect(await reasonOf('ID,x\n1,2\n', [{ id: '1' }])).toBe('found 1')
  })

  test.each(['id,id', 'ID,Id'])('that are named alike (%s) refuse the object', async (header) => {
    expect(await reasonOf(`${header}\n1,2\n`, [{ id: '1' }])).toBe('ambiguous-column')
  })

  test('may have quotes and line ends in their names', async () => {
    expect(await keptOf('"the ""id""\n",b\n1,2\n3,4\n', [{ 'the "id"\n': '1' }])).toBe('"the ""id""\n",b\n3,4\n')
  })

  test('of folders count for every row, but for the column of the file', async () => {
    const partitions = [
      { name: 'day', value: '1' },
      { name: 'user', value: 'u1' },
      { name: 'gone', value: null },
    ]
    const content = 'id,user\na,u2\nb,u1\n'
    expect(await keptOf(content, [{ day: '1', id: 'a' }], { partitions })).toBe('id,user\nb,u1\n')
    expect(await keptOf(content, [{ user: 'u1', id: 'a' }], { partitions })).toBe(content)
    expect(await keptOf(content, [{ gone: '', id: 'a' }], { partitions })).toBe(content)
    expect((await erase(content, [{ day: '2', id: 'a' }], { partitions })).found.columns).toEqual(
      new Set(['day', 'id']),
    )
  })

  test('that the object has not leave it unchanged', async () => {
    const { found, rows } = await erase('id,name\n1,Ann\n', [{ email: 'a@b.org' }])
    expect({ rows, columns: found.columns, seen: found.rowsSeen }).toEqual({ rows: [], columns: new Set(), seen: 1 })
  })

  test('are positions where a person says that there is no header', async () => {
    const options = { header: 'absent' } as const
    expect(await keptOf('1,Ann\n2,Bob\n', [{ _c1: 'Ann' }], { options })).toBe('2,Bob\n')
    expect(await keptOf('1,Ann\n', [{ _c1: 'Ann' }], { options })).toBe('')
  })
})

describe('the delimiter', () => {
  test.each([',', '\t', ';', '|', ':', '^'])(
    'that was given refuses an object that has the column by %j',
    async (other) => {
      const content = ['id,name', '1,Ann'].join('\n').replaceAll(',', other)
      const given = { options: { delimiter: other === ';' ? ',' : ';' } }
      expect(await reasonOf(content, [{ id: '1' }], given)).toBe('unsupported')
      expect(await reasonOf('city,name\nParis,Ann\n', [{ id: '1' }], given)).toBe('found 0')
    },
  )

  test.each([',', '\t', ';', '|'])('%j is told from the header', async (delimiter) => {
    const content = ['id,name', '1,Ann', '2,"Bob,x"'].join('\n').replaceAll(',', delimiter)
    const kept = ['id,name', '2,"Bob,x"'].join('\n').replaceAll(',', delimiter)
    expect(await keptOf(content, [{ name: 'Ann' }])).toBe(kept)
  })

  test('is the one by which the header has the column that is looked for', async () => {
    const content = 'amount (USD, EUR);name\n1,5;Ann\n2,5;Bob\n'
    expect(await keptOf(content, [{ name: 'Ann' }])).toBe('amount (USD, EUR);name\n2,5;Bob\n')
  })

  test.each([
    ['two give the column', 'id;name,id,x\n1;2,3,4\n', { id: '3' }],
    ['only one that is not expected gives the column', 'id:name\n1:2\n', { id: '1' }],
    ['the header shows none and a row one', 'id\n1,2\n', { id: '1' }],
    ['the header shows none and a row another one', 'id\n1;2\n', { id: '1;2' }],
  ])('that is not certain, as %s, refuses the object', async (_, content, match) => {
    expect(await reasonOf(content, [match])).toBe('unsupported')
  })

  test('that is given is certain', async () => {
    const content = 'id;name,id,x\n1;2,3,4\n'
    expect(await reasonOf(content, [{ id: '1' }], { options: { delimiter: ';' } })).toBe('found 1')
    expect(await reasonOf(content, [{ id: '3' }], { options: { delimiter: ',' } })).toBe('found 1')
    expect(await reasonOf('id:name\n1:2\n', [{ id: '1' }], { options: { delimiter: ':' } })).toBe('found 1')
    expect(await reasonOf('id\n1;2\n', [{ id: '1;2' }], { options: { delimiter: ',' } })).toBe('found 1')
  })

  test("may be named by Excel's first line, which stays", async () => {
    expect(await keptOf('sep=;\r\nid;a,b\r\n1;x\r\n2;y\r\n', [{ id: '1' }])).toBe('sep=;\r\nid;a,b\r\n2;y\r\n')
  })
})

describe('a header that is not certain refuses the object', () => {
  test.each([
    ['it holds a number', '42,Ann\n43,Bob\n', { id: '43' }],
    ['it holds a mail address', 'a@b.org,Ann\nc@d.org,Bob\n', { id: 'c@d.org' }],
    ['it holds a value that is looked for', 'u1,Ann\nu2,Bob\n', { id: 'u1' }],
    ['a cell of it stands again below', 'u1,rome\nu2,rome\n', { id: 'u2' }],
    ['it holds control characters', 'PK\x03\x04,x\nu2,rome\n', { id: 'u2' }],
  ])('as %s', async (_, content, match) => {
    expect(await reasonOf(content, [match])).toBe('unsupported')
    expect(await reasonOf(content, [match], { options: { header: 'present' } })).toBe('found 0')
  })

  test('but not where its names are unusual', async () => {
    expect(await reasonOf('@timestamp,first name,,x-1,größe\n1,2,3,4,5\n', [{ id: 'x' }])).toBe('found 0')
  })

  test('but not where it has a column that is looked for', async () => {
    expect(await reasonOf('id,2024\nx,2024\n', [{ id: 'x' }])).toBe('found 1')
  })
})

describe('an encoding', () => {
  const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
  const table = 'id,name\r\n1,"Zoë\n""🦊"""\r\n2,Bob\r\n3,Ĉ,\r\n'
  const rest = 'id,name\r\n2,Bob\r\n3,Ĉ,\r\n'
  test.each([
    ['UTF-8', Buffer.from(table), Buffer.from(rest)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${table}`), Buffer.from(`\ufeff${rest}`)],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${table}`, 'utf16le'), Buffer.from(`\ufeff${rest}`, 'utf16le')],
    ['UTF-16BE with a mark', utf16be(`\ufeff${table}`), utf16be(`\ufeff${rest}`)],
  ])('%s is read, what stays is the same bytes', async (_, content, kept) => {
    expect((await erase(content, [{ name: 'Zoë\n"🦊"' }])).kept).toEqual(kept)
    expect((await erase(content, [{ id: '1' }])).kept).toEqual(kept)
  })

  test('UTF-16 without a mark is told from a header of ASCII', async () => {
    const content = 'id,name\n1,Zoë\n2,Bob\n'
    expect((await erase(Buffer.from(content, 'utf16le'), [{ name: 'Zoë' }])).rows).toEqual([0])
    expect((await erase(utf16be(content), [{ name: 'Zoë' }])).rows).toEqual([0])
  })

  test('Latin-1 is told from cells that are not UTF-8', async () => {
    const content = Buffer.from('id,name\n1,Zoë\n2,"Zoë"\n3,Bob\xff\n', 'latin1')
    expect((await erase(content, [{ name: 'Zoë' }])).kept).toEqual(Buffer.from('id,name\n3,Bob\xff\n', 'latin1'))
    expect((await erase(content, [{ id: '2' }])).rows).toEqual([1])
  })

  test('that is neither UTF-8 nor Latin-1 refuses the object where it matters', async () => {
    const windows1252 = Buffer.from('id,name\n1,Zo\xeb \x80\n', 'latin1')
    expect(await reasonOf(windows1252, [{ name: 'Zoë €' }])).toBe('unsupported')
    expect(await reasonOf(windows1252, [{ id: '1' }])).toBe('found 1')
    const anyOther = Buffer.from('id,name\n1,Jen\xf5\n', 'latin1')
    expect(await reasonOf(anyOther, [{ name: 'Jenő' }])).toBe('unsupported')
    expect(await reasonOf(anyOther, [{ name: 'Jenõ' }], { options: { encoding: 'latin1' } })).toBe('found 1')
  })

  test.each([
    ['UTF-32', Buffer.from('fffe0000690000000a000000', 'hex')],
    ['a NUL in the header', Buffer.from('id,na\0me\n1,2\n')],
  ])('of %s is refused', async (_, content) => {
    expect(await reasonOf(content, [{ id: '1' }])).toBe('unsupported')
  })

  test('of UTF-16 that ends within a character is malformed', async () => {
    const content = Buffer.from('\ufeffid,b\n1,2\n', 'utf16le')
    expect(await reasonOf(content.subarray(0, content.length - 1), [{ id: '1' }])).toBe('malformed')
  })
})

describe('malformed content', () => {
  test.each([
    ['a quote that is never closed', 'id,name\n1,Ann\n2,"Bob\n', 'id,name\n2,"Bob\n'],
    ['text after a closing quote', 'id,name\n1,Ann\n2,"B"ob\n1,x\n', 'id,name\n2,"B"ob\n'],
    ['a quote after blanks', 'id,name\n2, "Bob, a\n1,x"\n1,Ann\n', 'id,name\n2, "Bob, a\n'],
    ['a lone CR', 'id,name\n2,a\rb\n1,x\n', 'id,name\n2,a\rb\n'],
    ['LF in a file of CR', 'id,name\r2,a\nb\r1,x\r', 'id,name\r2,a\nb\r'],
  ])('as %s refuses the object, or stays', async (_, content, kept) => {
    expect(await reasonOf(content, [{ id: '1' }])).toBe('malformed')
    const keep = await erase(content, [{ id: '1' }], { malformed: 'keep' })
    expect(keep.kept.toString()).toBe(kept)
    expect(keep.found.warnings).toEqual([{ code: 'malformed-kept', count: 1 }])
  })

  test('has no content of the object in its message', async () => {
    await expect(erase('id,name\n1,"secret"x\n', [{ id: '1' }])).rejects.not.toThrow(/secret/)
  })
})

describe('a backslash', () => {
  test('escapes where records are broken otherwise', async () => {
    const content = 'id,text\n1,"say \\"a, b\\" now"\n2,"c\\\\d"\n3,e\n'
    expect(await keptOf(content, [{ text: 'say "a, b" now' }])).toBe('id,text\n2,"c\\\\d"\n3,e\n')
    expect(await keptOf(content, [{ text: 'c\\d' }])).toBe('id,text\n1,"say \\"a, b\\" now"\n3,e\n')
  })

  test('is itself where records are broken otherwise', async () => {
    expect(await keptOf('id,path\n1,"C:\\dir\\"\n2,"D:\\"\n', [{ id: '1' }])).toBe('id,path\n2,"D:\\"\n')
  })

  test('that may be either is no matter where both find the same rows', async () => {
    expect(await keptOf('id,path\n1,C:\\dir\\\\x\n2,b\n', [{ id: '1' }])).toBe('id,path\n2,b\n')
  })

  test('that may be either stays unknown where broken records are kept', async () => {
    const content = 'path,id\nC:\\dir\\,42\nx,"7"y\n'
    expect(await reasonOf(content, [{ id: '42' }], { malformed: 'keep' })).toBe('unsupported')
    expect(await reasonOf(content, [{ id: '42' }])).toBe('malformed')
  })

  test('that may be either refuses the object where rows depend on it, unless it is given', async () => {
    const content = 'path,id\nC:\\dir\\,42\nx,7\n'
    expect(await reasonOf(content, [{ id: '42' }])).toBe('unsupported')
    expect(await reasonOf(content, [{ id: '42' }], { options: { escape: 'doubled' } })).toBe('found 1')
    expect(await reasonOf(content, [{ id: '42' }], { options: { escape: 'backslash' } })).toBe('found 0')
  })
})

describe('an apostrophe', () => {
  test('that may be a quote refuses the object where rows depend on it, unless it is given', async () => {
    const enclosed = "id,name\n'1','Ann'\n"
    expect(await reasonOf(enclosed, [{ id: '1' }])).toBe('unsupported')
    expect(await reasonOf(enclosed, [{ id: '1' }], { options: { quote: "'" } })).toBe('found 1')
    expect(await reasonOf(enclosed, [{ id: "'1'" }], { options: { quote: '"' } })).toBe('found 1')
    expect(await reasonOf("name,id\n'Doe, Ann',1\n", [{ id: '1' }])).toBe('unsupported')
    expect(await reasonOf("name,id\n's-Hertogenbosch,1\n", [{ id: '1' }])).toBe('found 1')
  })
})

describe('verification', () => {
  const format = plain(csv())
  test.each([
    ['the header', 0, 3],
    ['half a record', 3, 5],
    ['a record that does not match', 9, 12],
    ['two records where one was found', 3, 9],
  ])('does not let %s go', async (_, start, end) => {
    const source = bytesSource(Buffer.from('id\n12\n12\n34\n'))
    const search = searchFor([{ id: '12' }])
    const found = {
      ...(await format.find(source, search)),
      rows: Ranges.of([{ start: 0, end: 1 }]),
      ranges: Ranges.of([{ start, end }]),
    }
    const edit = await format.erase(source, { search, found, spool: makeSpool() })
    await expect(format.verify(source, { search, found, edit })).rejects.toMatchObject({ code: 'not-verified' })
  })
})

describe('inspection', () => {
  const inspect = async (content: string | Buffer, options: CsvOptions = {}) => {
    return (await plain(csv(options)).inspect(bytesSource(Buffer.from(content as string)))).facts
  }

  test('tells layout and counts', async () => {
    expect(await inspect('\ufeffid;name\n1;Ann\n\n2\n3;"x"y\n')).toEqual({
      columns: ['id', 'name'],
      header: 'present',
      delimiter: ';',
      quote: '"',
      encoding: 'utf-8',
      byteOrderMark: true,
      records: 3,
      ragged: 1,
      broken: 1,
      blankLines: 1,
    })
  })

  test('tells no cell of a header that may be a row', async () => {
    const facts = await inspect('u1,42\nu2,43\n')
    expect(facts).toMatchObject({ columns: 2, header: 'not certain' })
    expect(JSON.stringify(facts)).not.toContain('u1')
  })
})

describe('detection', () => {
  const probe = (name: string) =>
    csv().detect({ name, size: 4, head: Buffer.from('a,b\n'), tail: Buffer.from('a,b\n') })
  test('is by name alone', () => {
    expect(['a.csv', 'a.CSV', 'a.tsv', 'a.tab', 'a.txt', 'csv', 'a.csv.bak'].map(probe)).toEqual([
      'name',
      'name',
      'name',
      'name',
      'no',
      'no',
      'no',
    ])
  })

  test('takes other endings where a person says so', () => {
    const probe = { name: 'A.TXT', size: 0, head: Buffer.alloc(0), tail: Buffer.alloc(0) }
    expect(csv({ moreEndings: ['.txt'] }).detect(probe)).toBe('name')
  })

  test.each([{ delimiter: ',,' }, { delimiter: '\n' }, { quote: 'é' }, { delimiter: '"', quote: '"' }])(
    'options that no file can have are refused: %j',
    (options) => {
      expect(() => csv(options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    },
  )
})

describe.skipIf(!hasShared('corpora'))('csv-spectrum (needs the shared material)', () => {
  const folder = sharedPath('corpora', 'csv-spectrum')
  // The phone number that one of them tells is not the one in the file.
  const names = hasShared('corpora') ? readdirSync(`${folder}/csvs`) : []
  test.each(names)('%s: each row is found by each of its cells, and only it goes', async (name) => {
    const content = readFileSync(`${folder}/csvs/${name}`)
    const told = [JSON.parse(readFileSync(`${folder}/json/${name.replace('.csv', '.json')}`, 'utf8'))].flat()
    const rows = told.map(({ ['Contact Phone Number']: _, ...row }: Record<string, string>) => row)
    for (const [index, row] of rows.entries()) {
      const { rows: found, kept } = await erase(content, [row])
      expect(found).toEqual(rows.flatMap((other, at) => (JSON.stringify(other) === JSON.stringify(row) ? [at] : [])))
      const left: Record<string, string>[] = parse(kept, { columns: true, relax_quotes: true })
      expect(left.map(({ ['Contact Phone Number']: _, ...rest }) => rest)).toEqual(rows.filter((_, at) => at !== index))
    }
  })
})
