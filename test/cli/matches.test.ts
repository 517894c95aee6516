import { describe, expect, test } from 'vitest'
import { lines, makeLake, people, runLethe } from './run-lethe.ts'

const { ada, bob, number } = people
const rows = [
  { n: 0, user: ada, born: '1815' },
  { n: 1, user: bob, born: '1791' },
  { n: 2, user: ada, born: '1900' },
  { n: 3, user: `x=${ada}`, born: '' },
  { n: 4, user: '', born: '1' },
  { n: 5, user: ' padded ', born: '1' },
  { n: 6, user: true, born: '1' },
  { n: 7, user: '1e2', born: '1' },
  { n: 8, user: 100, born: '1' },
  { n: 9, user: '007', born: '1' },
  { n: 10, user: 7, born: '1' },
  { n: 11, user: 'two\nlines, "quoted"', born: '1' },
]
// Numbers beyond 2^53, which JSON.stringify could not write.
const data = `${lines(...rows)}{"n":12,"user":${number},"born":"1"}\n{"n":13,"user":90071992547409932,"born":"1"}\n`

/** Erases what the arguments match, and yields the numbers of the rows that are gone. */
async function erased(args: readonly string[], matches?: string | Uint8Array) {
  using lake = makeLake({ 'data.ndjson': data, ...(matches === undefined ? {} : { 'm/matches': matches }) })
  const file = matches === undefined ? [] : ['--matches', lake.path('m/matches')]
  const run = await runLethe(['erase', lake.path('data.ndjson'), '--yes', '--json', ...args, ...file])
  const kept = new Set((lake.contents()['data.ndjson'] ?? '').match(/(?<=\{"n":)[0-9]+/g)?.map(Number))
  return { ...run, gone: Array.from({ length: 14 }, (_, n) => n).filter((n) => !kept.has(n)) }
}

describe('--match', () => {
  test.each<[string, string[], number[]]>([
    ['splits at the first =', [`user=x=${ada}`], [3]],
    ['takes an empty value', ['user='], [4]],
    ['repeated is an or', [`user=${bob}`, `user=${ada}`], [0, 1, 2]],
    ['with an object is a tuple that must hold in one row', [JSON.stringify({ user: ada, born: '1815' })], [0]],
    ['takes an object of one column as a simple match', [JSON.stringify({ user: ada })], [0, 2]],
    ['takes a number of an object as it is written', [`{"user":${number}}`], [12]],
    ['takes a boolean of an object as text', ['{"user":true}'], [6]],
  ])('%s', async (_, flags, gone) => {
    expect(await erased(flags.flatMap((flag) => ['--match', flag]))).toMatchObject({ status: 0, gone })
  })

  test.each([
    [`${ada}`, '--match number 1 is neither NAME=VALUE nor a JSON object'],
    [`=${ada}`, '--match number 1 names no column'],
    [`{"user":"${ada}"`, '--match number 1 is no JSON object'],
    [`{"user":["${ada}"]}`, '--match number 1 has a null, an array or an object'],
    ['{}', '--match number 1 names no column'],
    ['', '--match number 1 is neither NAME=VALUE nor a JSON object'],
  ])('is a usage error that does not repeat it: %j', async (flag, message) => {
    const run = await erased(['--match', flag])
    expect(run).toMatchObject({ status: 2, stdout: '', gone: [] })
    expect(run.stderr).toContain(`lethe: invalid-match: ${message}`)
  })
})

describe('--matches', () => {
  test.each<[string, string | Uint8Array, number[]]>([
    ['CSV of one column', `user\n${bob}\n${ada}\n`, [0, 1, 2]],
    ['CSV of several columns', `user,born\r\n${ada},1815\r\n${bob},1900\r\n`, [0]],
    ['CSV with a byte-order mark and without a last line end', `\ufeffuser\n${bob}`, [1]],
    ['CSV with an empty cell', `user,born\n,1\n`, [4]],
    ['CSV with quotes and a line break in a cell', 'user\n"two\nlines, ""quoted"""\n', [11]],
    ['NDJSON', lines({ user: bob }, { user: ada, born: '1815' }), [0, 1]],
    ['NDJSON with a byte-order mark, CRLF and blank lines', `\ufeff{"user":"${bob}"}\r\n\r\n{"born":"1900"}`, [1, 2]],
    ['a number as it is written, which no float could hold', `{"user":${number}}`, [12]],
    ['a number in CSV likewise', `user\n${number}\n`, [12]],
    ['1e2 as text alone', '{"user":1e2}', [7]],
    ['007 as text alone', 'user\n007\n', [9]],
    ['a boolean as text', '{"user":true}', [6]],
    ['100 as a number', 'user\n100\n', [8]],
  ])('takes %s', async (_, matches, gone) => {
    expect(await erased([], matches)).toMatchObject({ status: 0, stderr: '', gone })
  })

  test('adds to --match', async () => {
    expect(await erased(['--match', `user=${bob}`], lines({ born: '1900' }))).toMatchObject({ status: 0, gone: [1, 2] })
  })

  test('- is standard input', async () => {
    using lake = makeLake({ 'data.ndjson': data })
    const args = ['erase', lake.folder, '--yes', '--matches', '-']
    expect(await runLethe(args, { stdin: `user\n${ada}\n` })).toMatchObject({ status: 0 })
    expect(lake.contents()['data.ndjson']).not.toContain(`"${ada}"`)
  })

  test('warns of white space at an edge, by the line, and takes it as it is', async () => {
    const run = await erased([], `user\n${bob}\n padded \n${ada}\t\n`)
    expect(run).toMatchObject({ status: 0, gone: [1, 5] })
    expect(run.stderr).toBe(
      [3, 4]
        .map(
          (n) =>
            `lethe: warning: line ${n} of the matches: a value begins or ends with white space, which is not trimmed\n`,
        )
        .join(''),
    )
  })

  test.each<[string, string | Uint8Array, string]>([
    ['a null', `{"user":"${ada}"}\n{"user":null}\n`, 'line 2 of the matches has a null'],
    ['an array', `{"user":["${ada}"]}\n`, 'line 1 of the matches has a null, an array'],
    ['an object', `{"user":{"a":"${ada}"}}\n`, 'line 1 of the matches has a null, an array or an object'],
    ['a broken line', `{"user":"${bob}"}\n\n{"user":"${ada}\n`, 'line 3 of the matches is no JSON object'],
    ['a number that is none', '{"user":007}\n', 'line 1 of the matches is no JSON object'],
    ['a ragged row', `user,born\n${bob},1\n${ada}\n`, 'line 3 of the matches has 1 cells'],
    ['a header with a column twice', `user,user\n${ada},${ada}\n`, 'line 1 of the matches (the header)'],
    ['a blank line, which may be an empty value', `user\n${ada}\n\n`, 'line 3 of the matches is blank'],
    ['an open quote', `user\n${bob}\n"${ada}\n`, 'line 3 of the matches opens a quote'],
    ['bytes that are no UTF-8', Buffer.from(`user\n${ada}\xff\n`, 'latin1'), 'line 2 of the matches is not UTF-8'],
    ['a file without a match', 'user\n', 'the file of --matches holds no match'],
    ['an empty file', '', 'the file of --matches holds no match'],
  ])('with %s is a usage error, and nothing is written', async (_, matches, message) => {
    const run = await erased(['--match', `user=${bob}`], matches)
    expect(run).toMatchObject({ status: 2, stdout: '', gone: [] })
    expect(run.stderr).toContain(`lethe: invalid-match: ${message}`)
  })

  test('of a file that is not there, or a folder, is a usage error that does not repeat its name', async () => {
    using lake = makeLake({ 'data.ndjson': data })
    for (const [name, code] of [
      [`${ada}.csv`, 'ENOENT'],
      ['', 'EISDIR'],
    ] as const) {
      const run = await runLethe(['find', lake.path('data.ndjson'), '--matches', lake.path(name)])
      expect(run).toMatchObject({ status: 2, stdout: '' })
      expect(run.stderr).toBe(
        `lethe: invalid-argument: the file of --matches cannot be read; the system answered ${code}\n`,
      )
    }
  })

  test('no match at all is a usage error', async () => {
    expect(await erased([])).toMatchObject({ status: 2, stdout: '', gone: [] })
  })

  test('reads a million matches without holding more than their texts', async () => {
    using lake = makeLake({ 'data.ndjson': data })
    const ids = Array.from({ length: 1_000_000 }, (_, n) => `id-${n}-of-a-million\n`)
    const args = ['find', lake.folder, '--matches', '-', '--json']
    const stdin = `user\n${ids.join('')}${ada}\n`
    const run = await runLethe(args, { stdin, node: ['--max-old-space-size=400'] })
    expect(run).toMatchObject({ status: 0 })
    expect(JSON.parse(run.stdout)).toMatchObject({ totals: { rows: { matched: 2 } } })
  }, 60_000)
})
