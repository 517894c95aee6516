import { expect, test } from 'vitest'
import { lines, makeLake, people, runLethe } from './run-lethe.ts'

const content = lines({ user: people.ada, n: 1 }, { user: null, n: 2 })

test('inspect prints what an object is as one JSON document, without a value', async () => {
  using lake = makeLake({ 'a.ndjson': content })
  const run = await runLethe(['inspect', lake.path('a.ndjson'), '--json'])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(run.stdout)).toMatchObject({
    uri: expect.stringContaining('a.ndjson') as string,
    size: Buffer.byteLength(content),
    format: 'ndjson',
    facts: { lines: 2 },
  })
})

test('inspect prints the same for people, indented', async () => {
  using lake = makeLake({ 'a.ndjson': content })
  const run = await runLethe(['inspect', lake.path('a.ndjson')])
  expect(run).toMatchObject({ status: 0, stderr: '' })
  expect(run.stdout).toMatch(/^object: .*a\.ndjson\nsize: 67 B\nformat: ndjson\n/)
  expect(run.stdout).toMatch(/lines: 2\n/)
})

test('inspect of what is no known format is refused, exit 3', async () => {
  using lake = makeLake({ 'a.png': '\x89PNG\r\n\x1a\n\0' })
  const run = await runLethe(['inspect', lake.path('a.png')])
  expect(run).toMatchObject({ status: 3, stdout: '' })
  expect(run.stderr).toMatch(/^lethe: unknown-format: /)
})

test('inspect of a folder of several objects is a usage error', async () => {
  using lake = makeLake({ 'a.ndjson': content, 'b.ndjson': content })
  const run = await runLethe(['inspect', lake.folder])
  expect(run).toMatchObject({ status: 2, stdout: '' })
  expect(run.stderr).toMatch(/^lethe: invalid-argument: the target names several objects/)
})
