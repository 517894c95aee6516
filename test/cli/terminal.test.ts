import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { entry, lines, makeLake, people, runCommand } from './run-lethe.ts'

const { ada } = people
const content = lines({ user: ada }, { user: 'other' }, { user: ada })
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

/**
 * Runs lethe on a terminal of its own, made by `script`, and types when it asks. `before` is what the shell puts in
 * front, `after` what it puts behind.
 */
async function onTerminal(args: readonly string[], { before = '', after = '', typed }: Typed) {
  const command = [process.execPath, entry, ...args].map((word) => `'${word}'`).join(' ')
  let hasAsked = false
  const run = await runCommand('script', ['-qec', `${before} ${command} ${after}`, '/dev/null'], {
    env: { SHELL: '/bin/sh' },
    keepStdinOpen: true,
    onOutput(process, output) {
      if (hasAsked || !output.includes('[y/N]')) return
      hasAsked = true
      process.stdin.write(typed)
    },
  })
  return { ...run, hasAsked, screen: run.stdout.replaceAll('\r\n', '\n') }
}

interface Typed {
  readonly typed: string
  readonly before?: string
  readonly after?: string
}

describe.skipIf(!hasScript)('find on a terminal (needs script of util-linux)', () => {
  test('shows how far it is and how fast, and takes that away before the report', async () => {
    using lake = makeLake({ 'a.ndjson': content, 'ids.csv': `user\n${ada}\n` })
    const run = await onTerminal(['find', lake.path('a.ndjson'), '--matches', lake.path('ids.csv')], { typed: '' })
    expect(run.status).toBe(0)
    const screen = run.screen.replaceAll('\r\u001b[K', '<new line>')
    expect(screen).toMatch(/^<new line>searched 0 objects, \d+ B, .*B\/s/)
    expect(screen).toMatch(/<new line>looking for user = <1 value>\n/)
  })
})

describe.skipIf(!hasScript)('erase on a terminal (needs script of util-linux)', () => {
  function makeLakeAndIds() {
    return makeLake({ 'lake/a.ndjson': content, 'lake/b.ndjson': lines({ user: 'b' }), 'ids.csv': `user\n${ada}\n` })
  }

  test.each(['y\n', 'Y\n', ' yes \n'])('shows the plan, asks, and erases after %j', async (typed) => {
    using lake = makeLakeAndIds()
    const run = await onTerminal(['erase', lake.path('lake'), '--matches', lake.path('ids.csv')], { typed })
    expect(run).toMatchObject({ status: 0, hasAsked: true })
    const plan = run.screen.slice(0, run.screen.indexOf('[y/N]'))
    expect(plan).toContain('looking for user = <1 value>')
    expect(plan).toMatch(/ matched +3 +2 .*a\.ndjson\n/)
    expect(plan).toContain('Erase 2 rows from 1 object? ')
    expect(run.screen.slice(plan.length)).toMatch(/ erased +3 +2 .*a\.ndjson\n/)
    expect(lake.contents()['lake/a.ndjson']).toBe(lines({ user: 'other' }))
  })

  test.each(['n\n', '\n', 'yess\n', '\u0004'])('changes nothing after %j and exits 1', async (typed) => {
    using lake = makeLakeAndIds()
    const run = await onTerminal(['erase', lake.path('lake'), '--matches', lake.path('ids.csv')], { typed })
    expect(run).toMatchObject({ status: 1, hasAsked: true })
    expect(run.screen).toContain('lethe: declined: ')
    expect(lake.contents()['lake/a.ndjson']).toBe(content)
  })

  test('changes nothing after Ctrl-C, says interrupted and exits 130', async () => {
    using lake = makeLakeAndIds()
    const args = ['erase', lake.path('lake'), '--matches', lake.path('ids.csv'), '--json']
    const run = await onTerminal(args, { typed: '\u0003' })
    expect(run).toMatchObject({ status: 130, hasAsked: true })
    expect(run.screen).toContain('"interrupted":true')
    expect(lake.contents()['lake/a.ndjson']).toBe(content)
  })

  test('asks on the controlling terminal when the matches come from standard input', async () => {
    using lake = makeLakeAndIds()
    const [before, after] = [`cat ${lake.path('ids.csv')} |`, `2> ${lake.path('stderr')} > ${lake.path('stdout')}`]
    const args = ['erase', lake.path('lake'), '--matches', '-', '--json']
    const run = await onTerminal(args, { before, after, typed: 'y\n' })
    expect(run).toMatchObject({ status: 0, hasAsked: true })
    expect(run.screen).toContain('Erase 2 rows from 1 object? [y/N]')
    const { 'lake/a.ndjson': erased, stdout, stderr } = lake.contents()
    expect(erased).toBe(lines({ user: 'other' }))
    expect(JSON.parse(stdout ?? '')).toMatchObject({ totals: { erased: 1 } })
    expect(stderr).toBe('')
  })

  test('does not ask where nothing matches', async () => {
    using lake = makeLakeAndIds()
    const args = ['erase', lake.path('lake/b.ndjson'), '--matches', lake.path('ids.csv')]
    expect(await onTerminal(args, { typed: 'y\n' })).toMatchObject({ status: 0, hasAsked: false })
  })

  test('does not ask where only standard input is a terminal, since nobody would see the question', async () => {
    using lake = makeLakeAndIds()
    const args = ['erase', lake.path('lake'), '--matches', lake.path('ids.csv')]
    const run = await onTerminal(args, { after: '2> /dev/null', typed: 'y\n' })
    expect(run).toMatchObject({ status: 2, hasAsked: false })
    expect(lake.contents()['lake/a.ndjson']).toBe(content)
  })
})
