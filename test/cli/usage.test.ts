import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entry, makeLake, people, runCommand, runLethe } from './run-lethe.ts'

const { ada } = people

describe('lethe', () => {
  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))
    expect(await runLethe(['--version'])).toMatchObject({ status: 0, stdout: `lethe ${version}\n`, stderr: '' })
  })

  test.each([
    [['--help'], /find .*erase .*inspect /s],
    [['help'], /find .*erase .*inspect /s],
    [['help', 'find'], /lethe find .*--matches.*Examples:/s],
    [['find', '--help'], /lethe find .*--matches.*Examples:/s],
    [['erase', '-h'], /lethe erase .*--dry-run.*--yes.*Examples:/s],
    [['inspect', '--help'], /lethe inspect .*<OBJECT>.*Examples:/s],
  ])('%j prints help with examples on standard output', async (args, pattern) => {
    const run = await runLethe(args)
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout).toMatch(pattern)
    expect(run.stdout).toContain('Examples:')
  })

  test.each([
    ['no command', []],
    ['an unknown command', [ada]],
    ['an unknown option', ['find', 'x', `--${ada}`]],
    ['an option of another command', ['find', 'x', '--match', `a=${ada}`, '--yes']],
    ['a value for an option without one', ['erase', 'x', '--match', `a=${ada}`, `--yes=${ada}`]],
    ['an invalid choice', ['erase', 'x', '--match', 'a=b', '--empty', ada]],
    ['too many objects', ['inspect', 'x', ada]],
    ['no target', ['erase', '--match', `a=${ada}`]],
    ['a target that is not there', ['find', ada, '--match', `a=${ada}`]],
    ['an object that is not there', ['inspect', ada]],
  ])('exits 2 on %s and repeats no argument', async (_, args) => {
    const run = await runLethe(args)
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: [a-z-]+: .+\n$/)
    // The harness lets arguments pass on the command line of the process, and there alone.
    expect(run.stderr).not.toContain(ada)
  })

  test('erases nothing without a terminal and without --yes, before it searches', async () => {
    using lake = makeLake({ 'a.ndjson': `{"user":"${ada}"}\n`, 'b.ndjson': 'broken\n' })
    const before = lake.contents()
    const run = await runLethe(['erase', lake.folder, '--match', `user=${ada}`])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: not-confirmed: /)
    expect(lake.contents()).toEqual(before)
  })

  test('does so too with --matches -, where there is no controlling terminal', async () => {
    using lake = makeLake({ 'a.ndjson': `{"user":"${ada}"}\n` })
    const before = lake.contents()
    const options = { stdin: `user\n${ada}\n`, detached: true }
    const run = await runLethe(['erase', lake.folder, '--matches', '-'], options)
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: not-confirmed: /)
    expect(lake.contents()).toEqual(before)
  })

  test.skipIf(!existsSync('/dev/full'))('exits 1 where its report cannot be written (needs /dev/full)', async () => {
    using lake = makeLake({ 'a.ndjson': '{"user":"x"}\n' })
    const command = `"$0" "$1" find ${lake.folder} --match user=${ada} > /dev/full`
    const run = await runCommand('sh', ['-c', command, process.execPath, entry])
    expect(run).toMatchObject({
      status: 1,
      stderr: 'lethe: io: the report could not be written; what was done stays done\n',
    })
  })

  test('says of an unexpected error no more than that, not even when debugging', async () => {
    // Once the matches are being read, and so everything is in place.
    const thrown = `setImmediate(() => { throw new Error('${ada}') })`
    const hostile = `data:text/javascript,process.stdin.once('newListener', () => ${thrown})`
    using lake = makeLake({ 'a.ndjson': '{"user":"x"}\n' })
    const run = await runLethe(['find', lake.folder, '--matches', '-'], {
      node: ['--import', hostile],
      env: { LETHE_DEBUG: '1' },
      keepStdinOpen: true,
    })
    expect(run).toMatchObject({ status: 1, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: internal: an unexpected error; please report it\n/)
  })
})
