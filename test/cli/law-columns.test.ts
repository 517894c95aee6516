import { readFileSync } from 'node:fs'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { beforeAll, describe, expect, test } from 'vitest'
import { writeFile as writeAvro } from '../avro/container-file.ts'
import { query, quoted } from '../parquet/readers.ts'
import { type Case, type CaseOutcome, eraseCases, expectedOf } from './law-lake.ts'
import { makeLake } from './run-lethe.ts'

type Row = Readonly<Record<string, string>>

/** A file with all columns text; by its name in the format. */
async function table(path: string, names: readonly string[], ...rows: readonly (readonly string[])[]) {
  if (path.endsWith('.csv')) return [names, ...rows].map((cells) => `${cells.join(',')}\n`).join('')
  if (path.endsWith('.avro')) {
    const fields = names.map((name) => ({ name, type: 'string' }))
    const records = rows.map((cells): Row => Object.fromEntries(names.map((name, at) => [name, cells[at]!])))
    return await writeAvro({ type: 'record', name: 'Row', fields }, records, { rowsPerBlock: 1 })
  }
  const columnData = names.map((name, at) => ({ name, data: rows.map((cells) => cells[at]!), type: 'STRING' as const }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

const refused = (code: string) => ({ refused: code })

const ndjson: readonly Case[] = [
  {
    title: 'the exact name, else one that differs in case alone, and of several any, line by line',
    path: 'a/case.ndjson',
    content: '{"aid":"y","AID":"x"}\n{"AID":"x"}\n{"Aid":"y","AID":"x"}\n{"aid":null,"AID":"x"}\n{"aid":"x"}\n',
    matches: [{ aid: 'x' }],
    after: '{"aid":"y","AID":"x"}\n{"aid":null,"AID":"x"}\n',
  },
  {
    title: 'a dotted name is a path, unless a column has that very name',
    path: 'a/dotted.ndjson',
    content: '{"d.b":"x"}\n{"d":{"b":"x"}}\n{"d.b":"y","d":{"b":"x"}}\n{"d":{"b":"y"}}\n{"D":{"B":"x"}}\n{"d":null}\n',
    matches: [{ 'd.b': 'x' }],
    after: '{"d.b":"y","d":{"b":"x"}}\n{"d":{"b":"y"}}\n{"d":null}\n',
  },
  {
    title: 'items[].user_id is any element',
    path: 'a/items.ndjson',
    content:
      '{"items":[{"user_id":"y"},{"user_id":"x"}]}\n{"items":[]}\n{"items":[{"user_id":"y"}]}\n{"items":[3,{"user_id":"x"}]}\n{"items":[{"a":[{"user_id":"x"}]}]}\n',
    matches: [{ 'items[].user_id': 'x' }],
    after: '{"items":[]}\n{"items":[{"user_id":"y"}]}\n{"items":[{"a":[{"user_id":"x"}]}]}\n',
  },
  {
    title: 'a duplicate key matches if any of its values does, escaped or not',
    path: 'a/duplicate.ndjson',
    content: '{"dup":"x","dup":"y"}\n{"dup":"y","dup":"x"}\n{"dup":"y","d\\u0075p":"x"}\n{"dup":"y"}\n',
    matches: [{ dup: 'x' }],
    after: '{"dup":"y"}\n',
  },
  {
    title: 'an array or object at the key matches nothing and is a warning',
    path: 'a/array.ndjson',
    content: '{"arr":["x"]}\n{"arr":{"x":"x"}}\n{"arr":"y"}\n{"arr":[]}\n',
    matches: [{ arr: 'x' }],
    warnings: { 'array-at-key': 3 },
  },
  {
    title: 'a composite holds only where all its values hold in the same row',
    path: 'a/composite.ndjson',
    content: '{"c1":"x","c2":"y"}\n{"c1":"x","c2":"x"}\n{"c2":"y"}\n{"c1":"x","c2":null}\n{"c2":"y","c1":"x"}\n',
    matches: [{ c1: 'x', c2: 'y' }],
    after: '{"c1":"x","c2":"x"}\n{"c2":"y"}\n{"c1":"x","c2":null}\n',
  },
  {
    title: 'matches are alternatives',
    path: 'a/or.ndjson',
    content: '{"o1":"x"}\n{"o1":"y"}\n{"o1":"z","o2":"q"}\n',
    matches: [{ o1: 'x' }, { o1: 'z', o2: 'q' }],
    after: '{"o1":"y"}\n',
  },
  {
    title: 'an object without the column is unchanged',
    path: 'a/without.ndjson',
    content: '{"nothing":"x"}\n',
  },
]

const partitions: readonly Case[] = [
  {
    title: 'a folder name=value anywhere above is a column of every row',
    path: 'p/pa=x/other/deep/a.ndjson',
    content: '{"v":1}\n{"v":2}\n',
    matches: [{ pa: 'x' }],
    after: '',
    warnings: { 'name-still-tells': 2 },
  },
  {
    title: 'its value is percent-decoded',
    path: 'p/pb=a%20b%2Fc%C3%A9/a.ndjson',
    content: '{"v":1}\n',
    matches: [{ pb: 'a b/cé' }],
    after: '',
    warnings: { 'name-still-tells': 1 },
  },
  {
    title: '__HIVE_DEFAULT_PARTITION__ is null, and null never matches',
    path: 'p/pc=__HIVE_DEFAULT_PARTITION__/a.ndjson',
    content: '{"v":1}\n',
    matches: [{ pc: '__HIVE_DEFAULT_PARTITION__' }, { pc: '' }, { pc: 'null' }],
  },
  {
    title: 'a partition takes part in composites',
    path: 'p/pd=42/a.ndjson',
    content: '{"pdid":"x"}\n{"pdid":"y"}\n',
    matches: [
      { pd: '42', pdid: 'x' },
      { pd: '43', pdid: 'y' },
    ],
    after: '{"pdid":"y"}\n',
    warnings: { 'name-still-tells': 1 },
  },
  {
    title: 'a partition is text: 07 is not 7',
    path: 'p/pe=07/a.ndjson',
    content: '{"v":1}\n',
    matches: [{ pe: '7' }, { pe: '07.0' }],
  },
  {
    title: 'a column of the file goes before a folder of its name',
    path: 'p/pf=x/a.csv',
    content: 'pf,v\ny,1\nx,2\n',
    matches: [{ pf: 'x' }],
    after: 'pf,v\ny,1\n',
    warnings: { 'name-still-tells': 1 },
  },
  {
    title: 'a folder and a column that differ from the name in case alone are refused',
    path: 'p/PG=x/a.csv',
    content: 'Pg,v\ny,1\nx,2\n',
    matches: [{ pg: 'x' }],
    after: refused('ambiguous-column'),
  },
  {
    title: 'two folders that differ from the name in case alone are refused',
    path: 'p/PH=x/Ph=y/a.csv',
    content: 'v,w\n1,2\n',
    matches: [{ ph: 'x' }],
    after: refused('ambiguous-column'),
  },
  {
    title: 'two folders of the same name are refused',
    path: 'p/pi=x/pi=y/a.csv',
    content: 'v,w\n1,2\n',
    matches: [{ pi: 'x' }],
    after: refused('ambiguous-column'),
  },
  {
    title: 'an empty value of a folder is the empty text',
    path: 'p/pj=/a.ndjson',
    content: '{"v":1}\n',
    matches: [{ pj: '' }],
    after: '',
  },
  {
    title: "a match that hits the object's own name is a warning",
    path: 'p/anna-4711.ndjson',
    content: '{"own":"anna-4711"}\n{"own":"b"}\n',
    matches: [{ own: 'anna-4711' }],
    after: '{"own":"b"}\n',
    warnings: { 'name-still-tells': 1 },
  },
  {
    title: 'a folder counts in lines of NDJSON without the key alone',
    path: 'p/pk=x/a.ndjson',
    content: '{"pk":"y"}\n{"v":1}\n{"pk":null}\n',
    matches: [{ pk: 'x' }],
    after: '{"pk":"y"}\n{"pk":null}\n',
    warnings: { 'name-still-tells': 1 },
  },
  {
    title: 'a key of NDJSON that is spelled as a folder takes its place in its line',
    path: 'p/PL=x/a.ndjson',
    content: '{"PL":"y"}\n{"v":1}\n{"Pl":"y"}\n{"PL":null}\n{"PL":"x"}\n',
    matches: [{ pl: 'x' }],
    after: '{"PL":"y"}\n{"PL":null}\n',
    warnings: { 'name-still-tells': 3 },
  },
]

interface TableCase {
  readonly folder?: string
  readonly columns: readonly string[]
  readonly match: Row
  /** Rows, or the code of the refusal. */
  readonly erases: readonly number[] | string
}

async function tables(): Promise<Case[]> {
  const cases: Case[] = []
  for (const format of ['csv', 'avro', 'parquet']) {
    const add = async (title: string, { folder = '', columns, match, erases }: TableCase) => {
      const path = `t/${folder}${cases.length}.${format}`
      const rows = ['x', 'y', 'z'].map((first, at) => [first, ['y', 'x', 'z'][at]!].slice(0, columns.length))
      const content = await table(path, columns, ...rows)
      const left = rows.filter((_, row) => !erases.includes(row as never))
      const after = typeof erases === 'string' ? refused(erases) : await table(path, columns, ...left)
      const warnings = folder === '' ? {} : { 'name-still-tells': erases.length }
      cases.push({ title: `${format}: ${title}`, path, content, matches: [match], after, warnings })
    }
    const f = `t${format[0]}`
    await add('the exact name goes before another case', {
      columns: [`${f}a`, `${f}A`],
      match: { [`${f}a`]: 'x' },
      erases: [0],
    })
    await add('another case counts where it is the only one', {
      columns: [`${f}B`],
      match: { [`${f}b`]: 'x' },
      erases: [0],
    })
    await add('two that differ in case alone are refused', {
      columns: [`${f}Cc`, `${f}CC`],
      match: { [`${f}cc`]: 'x' },
      erases: 'ambiguous-column',
    })
    await add('a folder of the exact name goes before a column in another case', {
      folder: `${f}f=y/`,
      columns: [`${f}F`],
      match: { [`${f}f`]: 'y' },
      erases: [0, 1, 2],
    })
    await add('a folder gives nothing where the file has a column of its very name', {
      folder: `${f}G=y/`,
      columns: [`${f}G`],
      match: { [`${f}g`]: 'y' },
      erases: [1],
    })
    if (format !== 'avro') {
      await add('two columns of the same name are refused', {
        columns: [`${f}d`, `${f}d`],
        match: { [`${f}d`]: 'x' },
        erases: 'ambiguous-column',
      })
      await add('a column with a dot in its name', { columns: [`${f}.e`], match: { [`${f}.e`]: 'x' }, erases: [0] })
    }
  }
  return cases
}

/** Parquet by DuckDB: what lies in a struct is a path, what lies in a list or map refuses the object by name. */
async function nested(): Promise<Case[]> {
  const cases: readonly [string, string, Row, string | undefined][] = [
    ['a path in a struct', "{'b': {'c': 'x'}} AS n1", { 'n1.b.c': 'x' }, undefined],
    ['a path in another case', "{'B': {'c': 'x'}} AS n2", { 'N2.b.C': 'x' }, undefined],
    ['a struct', "{'b': 'x'} AS n3", { n3: 'x' }, 'unsupported-key'],
    ['a list', "['x'] AS n4", { n4: 'x' }, 'unsupported-key'],
    ['the elements of a list', "['x'] AS n5", { 'n5[]': 'x' }, 'unsupported-key'],
    ['a path through a list', "[{'u': 'x'}] AS n6", { 'n6[].u': 'x' }, 'unsupported-key'],
    ['a path through a map', "MAP {'k': 'x'} AS n7", { 'n7.k': 'x' }, 'unsupported-key'],
    ['an interval', 'INTERVAL 1 DAY AS n8', { n8: 'x' }, 'unsupported-key'],
    ['a column with a dot beside the path', "'x' AS \"n9.b\", {'b': 'y'} AS n9", { 'n9.b': 'x' }, undefined],
  ]
  return await Promise.all(
    cases.map(async ([title, select, match, code], index): Promise<Case> => {
      const content = await parquetOf(`SELECT ${select}`)
      const after = code === undefined ? '' : refused(code)
      return { title: `parquet: ${title}`, path: `n/${index}.parquet`, content, matches: [match], after }
    }),
  )
}

async function parquetOf(select: string): Promise<Uint8Array> {
  using lake = makeLake({})
  await query(`COPY (${select}) TO ${quoted(lake.path('a.parquet'))} (FORMAT parquet)`)
  return readFileSync(lake.path('a.parquet'))
}

const all = [...ndjson, ...partitions, ...(await tables()), ...(await nested())]
let outcomes: readonly CaseOutcome[] = []
beforeAll(async () => {
  outcomes = (await eraseCases(all)).outcomes
}, 60_000)

describe('columns', () => {
  test.each(all.map((item, index) => [item.title, index] as const))('%s', (_, index) => {
    const item = all[index]!
    const { report: _report, ...outcome } = outcomes[index]!
    const expected = expectedOf(item)
    if (item.path.endsWith('.parquet') && expected.status === 'erased') {
      expect({ ...outcome, content: null }).toEqual({ ...expected, content: null })
    } else {
      expect({ ...outcome, content: String(outcome.content) }).toEqual({
        ...expected,
        content: String(expected.content),
      })
    }
  })
})
