import { availableParallelism } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTemporaryFolder, type TemporaryFolder } from '../test/temporary-folder.ts'
import { loadConfiguration, redacted } from './config.ts'
import { threadCount } from './thread-count.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await makeTemporaryFolder()
})
afterEach(() => folder[Symbol.asyncDispose]())

const load = (environment: Record<string, string> = {}, from = folder.root, file?: string) =>
  loadConfiguration({ folder: from, environment, file })

/** Lines and paths of what is wrong with a configuration. */
async function problemsOf(text: string): Promise<unknown> {
  await folder.put('lethe.yaml', text)
  try {
    load()
    return []
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-config' })
    const { detail } = error as { detail: { problems: readonly { line: number; path: string }[] } }
    return detail.problems.map(({ line, path }) => `${line}: ${path}`)
  }
}

describe('the configuration', () => {
  test('is found upwards, and its paths are from its folder', async () => {
    await folder.put(
      'lethe.yaml',
      'stores:\n  lake: { folder: data }\n  bucket: { bucket: my-bucket, caFile: ca.pem }\n',
    )
    await folder.put('deep/er/x', '')
    expect(load({}, `${folder.root}deep/er`)).toMatchObject({
      file: `${folder.root}lethe.yaml`,
      state: { folder: `${folder.root}.lethe/state` },
      keys: { folder: `${folder.root}.lethe/keys`, masterKeyFile: `${folder.root}.lethe/master.key` },
      stores: {
        lake: { folder: `${folder.root}data` },
        bucket: { bucket: 'my-bucket', prefix: '', caFile: `${folder.root}ca.pem` },
      },
      queue: { deadline: 'gdpr' },
      approval: { required: true, requesterMayApprove: false, expiresAfterDays: 14 },
    })
  })

  test('is the file that is named: by the call, else by LETHE_CONFIG', async () => {
    await folder.put('a.yaml', 'jobs: { concurrency: 1 }')
    await folder.put('b.yaml', 'jobs: { concurrency: 2 }')
    expect(load({ LETHE_CONFIG: 'b.yaml' }).jobs.concurrency).toBe(2)
    expect(load({ LETHE_CONFIG: 'b.yaml' }, folder.root, 'a.yaml').jobs.concurrency).toBe(1)
    expect(() => load({ LETHE_CONFIG: 'c.yaml' })).toThrow(/cannot be read.*ENOENT/)
    expect(() => load()).toThrow(/there is no lethe\.yaml/)
  })

  test('gives way to the environment', async () => {
    await folder.put('lethe.yaml', 'state: { folder: s }\nkeys: { folder: k, masterKeyFile: m }\n')
    const url = 'postgres://lethe@db/lethe'
    expect(load({ DATABASE_URL: url, LETHE_MASTER_KEY_FILE: 'x/master' })).toMatchObject({
      state: { url },
      keys: { folder: `${folder.root}k`, masterKeyFile: `${folder.root}x/master` },
    })
    expect(load({ DATABASE_URL: '' }).state).toEqual({ folder: `${folder.root}s` })
    expect(() => load({ DATABASE_URL: 'mysql://root:secret@db' })).toThrow(/^DATABASE_URL takes postgres:/)
  })

  test('may be empty', async () => {
    await folder.put('lethe.yaml', '# nothing yet\n')
    expect(load().stores).toEqual({})
  })

  test.each([
    ['an unknown key', 'state: { folder: x }\nstoers: {}\n', ['2: stoers']],
    [
      'an unknown key of a store',
      'stores:\n  lake:\n    bucket: my-bucket\n    regoin: eu\n',
      ['4: stores.lake.regoin'],
    ],
    ['a store that is neither', 'stores:\n  lake:\n    prefix: x/\n', ['2: stores.lake.bucket']],
    ['a state in two places', 'jobs: {}\nstate:\n  url: postgres://db/x\n  folder: y\n', ['2: state']],
    [
      'a wrong type',
      'jobs:\n  concurrency: many\napproval:\n  required: 1\n',
      ['4: approval.required', '2: jobs.concurrency'],
    ],
    ['a wrong name', 'stores:\n  "a b": { folder: x }\n', ['2: stores.a b']],
    ['a key that stands twice', 'jobs: {}\njobs: {}\n', ['2: ']],
    ['no YAML', 'stores:\n  lake: { folder: x\n', ['3: ']],
    ['a list', '- stores\n', ['1: ']],
    [
      'an endpoint with a password',
      'stores:\n  a:\n    bucket: abc\n    endpoint: http://u:p@h\n',
      ['4: stores.a.endpoint'],
    ],
  ])('refuses %s, with its line', async (_, text, expected) => {
    expect(await problemsOf(text)).toEqual(expected)
  })

  test('quotes no value in an error', async () => {
    const secret = 'hunter2-4711'
    const texts = [
      `state: { url: "mysql://root:${secret}@db" }`,
      `state: { url: postgres://root:${secret}@db`,
      `state: ${secret}`,
      `jobs: { concurrency: ${secret} }`,
      `queue: { deadline: ${secret} }`,
      `stores: { a: { bucket: ${secret.toUpperCase()} } }`,
      `a: &x\n  - *${secret}\n`,
    ]
    for (const text of texts) {
      await folder.put('lethe.yaml', text)
      expect(load).toThrow(expect.objectContaining({ code: 'invalid-config' }))
      expect(load).not.toThrow(new RegExp(secret, 'i'))
    }
  })

  test('is shown without the password of the database', async () => {
    await folder.put('lethe.yaml', 'state: { url: "postgres://lethe:pa%24s@db/x?sslmode=require&password=pa$s" }')
    const shown = JSON.stringify(redacted(load()))
    expect(shown).toContain('postgres://lethe:****@db/x?sslmode=require')
    expect(shown).not.toMatch(/pa\$s|pa%24s/)
  })
})

describe('the number of threads', () => {
  test('is what the environment says, else that of the cores, up to four', () => {
    expect(threadCount({ LETHE_THREADS: '12' })).toBe(12)
    const byDefault = Math.min(4, availableParallelism())
    expect(threadCount({})).toBe(byDefault)
    expect(threadCount({ LETHE_THREADS: '' })).toBe(byDefault)
  })

  test.each(['0', '-1', '2.5', 'two', '1e3', ' 2'])('is not %j', (text) => {
    expect(() => threadCount({ LETHE_THREADS: text })).toThrow(expect.objectContaining({ code: 'invalid-config' }))
  })
})
