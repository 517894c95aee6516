import { describe, expect, test } from 'vitest'
import { parseCommandLine } from './command-line.ts'

describe('parseCommandLine', () => {
  test('reads a find', () => {
    const args = ['find', 'lake/', 'more', '--match', 'a=b=c', '--match', 'd=', '--matches', '-', '--json']
    expect(parseCommandLine(args)).toEqual({
      kind: 'find',
      targets: ['lake/', 'more'],
      access: { s3: {} },
      matches: { flags: ['a=b=c', 'd='], file: '-' },
      malformed: 'refuse',
      wholeObjects: {},
      concurrency: undefined,
      json: true,
    })
  })

  test('reads an erase, with its options before or after the targets', () => {
    const args = ['--dry-run', '--yes', '--empty', 'remove', '--malformed=keep', '--concurrency', '8']
    const expected = {
      kind: 'erase',
      targets: ['lake/'],
      access: { s3: {} },
      oldVersions: 'delete',
      matches: { flags: [], file: 'ids' },
      malformed: 'keep',
      empty: 'remove',
      concurrency: 8,
      dryRun: true,
      yes: true,
      wholeObjects: {},
      json: false,
    }
    expect(parseCommandLine(['erase', ...args, '--matches', 'ids', 'lake/'])).toEqual(expected)
    expect(parseCommandLine(['erase', 'lake/', '--matches=ids', ...args])).toEqual(expected)
  })

  test('reads what says of whole objects whose they are', () => {
    const args = [
      '--object-match',
      'lake/{id}',
      '--object-tag',
      'id',
      '--object-tag',
      'org',
      '--sidecar',
      '{name}.json',
    ]
    expect(parseCommandLine(['find', 'lake/', '--match', 'id=b', ...args])).toMatchObject({
      wholeObjects: { objectMatch: 'lake/{id}', objectTag: ['id', 'org'], sidecar: '{name}.json' },
    })
  })

  test('erases only after a question, and refuses what is broken, unless told otherwise', () => {
    expect(parseCommandLine(['erase', 'lake/', '--match', 'a=b'])).toMatchObject({
      dryRun: false,
      yes: false,
      empty: 'keep',
      malformed: 'refuse',
      wholeObjects: {},
    })
  })

  test('reads what is said of CSV files, and nothing where nothing is', () => {
    const args = ['--csv-delimiter', 'tab', '--csv-quote=none', '--csv-header', 'absent', '--csv-ending', '.TXT']
    const csv = { delimiter: '\t', quote: 'none', header: 'absent', moreEndings: ['.txt'] }
    expect(parseCommandLine(['inspect', 'a.txt', ...args])).toMatchObject({ csv })
    expect(parseCommandLine(['find', 'a.txt', '--match', 'a=b', ...args])).toMatchObject({ csv })
    expect(parseCommandLine(['find', 'a.txt', '--match', 'a=b'])).toMatchObject({ csv: undefined })
    expect(() => parseCommandLine(['inspect', 'a.csv', '--csv-encoding', 'ebcdic'])).toThrow(/^--csv-encoding takes/)
  })

  test('takes a value that looks like an option as a value', () => {
    expect(parseCommandLine(['find', 'lake/', '--match', '--yes=1'])).toMatchObject({ matches: { flags: ['--yes=1'] } })
  })

  const secret = 'ada-4711'
  test.each([
    ['an unknown option', ['find', 'lake/', `--${secret}`]],
    ['an unknown short option', ['find', 'lake/', `-${secret}`]],
    ['an option that resembles a known one', ['find', 'lake/', `--matchs=${secret}`]],
    ['a value for an option that takes none', ['erase', 'lake/', `--yes=${secret}`]],
    ['an unknown command', [secret, 'lake/']],
    ['help of an unknown command', ['help', secret]],
    ['an option before the command', [`--${secret}`, 'find']],
    ['too many arguments', ['inspect', 'lake/', secret]],
    ['an invalid choice', ['find', 'lake/', '--malformed', secret]],
    ['an invalid choice of erase', ['erase', 'lake/', '--empty', secret]],
    ['a concurrency that is no number', ['find', 'lake/', '--concurrency', secret]],
    ['two files of matches', ['find', 'lake/', '--matches', secret, '--matches', secret]],
    ['a missing target', ['find', '--match', secret]],
    ['a missing value', ['find', secret, '--matches']],
    ['no command', []],
  ])('complains of %s without repeating it', (_, args) => {
    const complaint = () => parseCommandLine(args)
    expect(complaint).toThrow(expect.objectContaining({ code: 'invalid-argument' }) as Error)
    expect(complaint).not.toThrow(secret)
    expect(complaint).not.toThrow(/not understood/)
  })

  test.each(['0', '-1', '1.5', '257', '1e1', ''])('takes no concurrency of %j', (count) => {
    expect(() => parseCommandLine(['find', 'lake/', '--concurrency', count])).toThrow('whole number from 1 to 256')
  })
})
