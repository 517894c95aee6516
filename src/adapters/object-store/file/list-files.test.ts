import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeTemporaryFolder, type TemporaryFolder } from '../../../../test/temporary-folder.ts'
import { asUnprivileged } from '../../../../test/unprivileged.ts'
import { makeFileStore } from './file-store.ts'

const store = makeFileStore()

async function listed(folder: TemporaryFolder, target = '') {
  const all = []
  for await (const item of store.list(folder.root + target)) all.push(item)
  return all
}

/** What is listed, as `key` or `key <- uri` where they differ, below the folder. */
async function listedNames(folder: TemporaryFolder, target = ''): Promise<string[]> {
  return (await listed(folder, target)).map((item) => {
    const key = item.key.slice(folder.root.length)
    if (item.kind !== 'object') return `${item.kind} ${key}`
    return item.uri === item.key ? key : `${key} <- ${item.uri.slice(folder.root.length)}`
  })
}

describe('links', () => {
  test('to a file are followed: the key is the real path, the name the one that was given', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('real.json', '1')
    await symlink('real.json', `${folder.root}link.json`)
    expect(await listedNames(folder, 'link.json')).toEqual(['real.json <- link.json'])
  })

  test('to a file that is listed by its own path as well do not hide that', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('z/real.json', '1')
    await symlink('z/real.json', `${folder.root}a.json`)
    await symlink('z', `${folder.root}b`)
    expect(await listedNames(folder)).toEqual(['z/real.json'])
  })

  test('to a folder are followed, outside of the target too', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('lake/a.json', '1')
    await folder.put('elsewhere/b.json', '1')
    await symlink('../elsewhere', `${folder.root}lake/link`)
    expect(await listedNames(folder, 'lake')).toEqual(['elsewhere/b.json <- lake/link/b.json', 'lake/a.json'])
    expect(await listedNames(folder, 'lake/**/b.*')).toEqual(['elsewhere/b.json <- lake/link/b.json'])
  })

  test('are passed over by their own name, not by that of what they lead to', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('_blobs/1', '1')
    await symlink('_blobs/1', `${folder.root}a.json`)
    await symlink('_blobs', `${folder.root}_more`)
    expect(await listedNames(folder)).toEqual(['skipped _blobs', '_blobs/1 <- a.json', 'skipped _more'])
  })

  test('in circles come to an end, however many there are', async () => {
    await using folder = await makeTemporaryFolder()
    const names = Array.from({ length: 12 }, (_, index) => `f${index}`)
    for (const name of names) {
      await folder.put(`${name}/a.json`, '1')
      for (const other of names) await symlink(`../${other}`, `${folder.root}${name}/to-${other}`)
      await symlink('.', `${folder.root}${name}/self`)
    }
    const expected = names.map((name) => `${name}/a.json`).sort()
    expect(await listedNames(folder)).toEqual(expected)
    expect((await listed(folder, '**/*.json')).map(({ key }) => key.slice(folder.root.length))).toEqual(expected)
    expect(await listedNames(folder, '**/nothing')).toEqual([])
  })

  test('that lead nowhere, or to themselves, are objects that are missing', async () => {
    await using folder = await makeTemporaryFolder()
    await symlink('gone.json', `${folder.root}a.json`)
    await symlink('b.json', `${folder.root}b.json`)
    expect(await listedNames(folder)).toEqual(['a.json', 'b.json'])
    for (const name of ['a.json', 'b.json']) {
      await expect(store.open(folder.root + name)).rejects.toMatchObject({ code: 'object-missing' })
    }
    expect(await listedNames(folder, 'a.json')).toEqual([])
  })
})

describe('what is no file', () => {
  test('is listed, refused, and never opened: a pipe does not hang, a socket and a device are left alone', async () => {
    await using folder = await makeTemporaryFolder()
    execFileSync('mkfifo', [`${folder.root}pipe.json`])
    const server = createServer().listen(`${folder.root}socket.json`)
    try {
      await symlink('/dev/full', `${folder.root}device.json`)
      expect(await listedNames(folder, '*.json')).toHaveLength(3)
      for (const { key } of await listed(folder)) {
        await expect(store.open(key), key).rejects.toMatchObject({ code: 'unsupported', outcome: 'refused' })
        await expect(store.preflight(key, { before: 'rewrite' }), key).rejects.toMatchObject({
          code: 'unsupported',
          outcome: 'refused',
        })
      }
    } finally {
      server.close()
    }
  })

  test('is a folder too, where a key should be', async () => {
    await using folder = await makeTemporaryFolder()
    await expect(store.open(folder.root)).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('a folder that may not be listed', () => {
  test('is told, and what is beside it is listed', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('shut/a.json', '1')
    await folder.put('open/b.json', '1')
    await chmod(`${folder.root}shut`, 0)
    await asUnprivileged(folder, async () => {
      expect(await listedNames(folder)).toEqual(['open/b.json', 'unlisted shut'])
      expect(await listedNames(folder, 'shut/*.json')).toEqual(['unlisted shut/*.json'])
      const [unlisted] = await listed(folder, 'shut/a.json')
      expect(unlisted).toMatchObject({ kind: 'unlisted', error: { code: 'permission-denied' } })
    })
    await chmod(`${folder.root}shut`, 0o700)
  })

  test('can still be asked for the child that is called like the prefix', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('shut/_delta_log/0.json', '1')
    await chmod(`${folder.root}shut`, 0o311)
    await asUnprivileged(folder, async () => {
      const children = async (prefix: string) => {
        const names = []
        for await (const name of store.children(`${folder.root}shut/`, { prefix })) names.push(name)
        return names
      }
      expect(await children('_delta_log')).toEqual(['_delta_log/'])
      expect(await children('.hoodie')).toEqual([])
      await expect(children('')).rejects.toMatchObject({ code: 'permission-denied' })
    })
    await chmod(`${folder.root}shut`, 0o700)
  })
})

describe('names', () => {
  test('relative to the working folder are told as absolute ones', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a b/c.json', '1')
    const path = relative(process.cwd(), `${folder.root}a b`)
    for (const target of [path, `./${path}/`, `${path}/c.json`, `./${path}/*.json`]) {
      const all = []
      for await (const item of store.list(target)) all.push(item)
      expect(all, target).toMatchObject([{ key: `${folder.root}a b/c.json`, uri: `${folder.root}a b/c.json` }])
    }
  })

  test('with .. through a link are those of the system, not of the text', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('deep/er/a.json', '1')
    await folder.put('deep/b.json', '1')
    await folder.put('b.json', '1')
    await symlink('deep/er', `${folder.root}link`)
    expect(await listedNames(folder, 'link/../b.json')).toEqual(['deep/b.json'])
  })

  test('with a newline or without valid UTF-8 are each their own', async () => {
    await using folder = await makeTemporaryFolder()
    const names = ['a\nb.json', 'a\u{fffd}.json']
    for (const name of names) await folder.put(name, name)
    const invalid = Buffer.concat([Buffer.from(`${folder.root}a`), Buffer.of(0xff), Buffer.from('.json')])
    await writeFile(invalid, 'invalid')
    const contents = []
    for (const { key } of await listed(folder, 'a*.json')) {
      await using opened = await store.open(key)
      contents.push(Buffer.from(await opened.read(0, opened.size)).toString())
    }
    expect(contents.sort()).toEqual([...names, 'invalid'].sort())
  })

  test('that are no UTF-8 are refused before a write', async () => {
    await using folder = await makeTemporaryFolder()
    const shut = Buffer.concat([Buffer.from(folder.root), Buffer.of(0xe9)])
    await mkdir(shut)
    await writeFile(Buffer.concat([shut, Buffer.from('/a.json')]), '1')
    const [object] = await listed(folder)
    await expect(store.preflight(object!.key, { before: 'rewrite' })).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('that the system does not know, and none, name nothing', async () => {
    for (const target of ['', 'a\0b', `/${'x'.repeat(5000)}`, '/dev/null/a']) {
      const all = []
      for await (const item of store.list(target)) all.push(item)
      expect(all, target.slice(0, 20)).toEqual([])
    }
  })
})

test('a file that goes while the listing runs is left out, one that is replaced is not', async () => {
  await using folder = await makeTemporaryFolder()
  for (const name of ['a', 'b', 'c']) await folder.put(name, name)
  const names = []
  for await (const { key } of store.list(folder.root)) {
    names.push(key.slice(folder.root.length))
    if (names.length > 1) continue
    await folder.delete('b')
    await folder.put('.new', 'longer')
    await rename(`${folder.root}.new`, `${folder.root}c`)
  }
  expect(names).toEqual(['a', 'c'])
})

// bash is who people learn globs from. It takes no name that begins with `.`; of those with `_` there is none here.
test.each([
  '*',
  '*.json',
  'a/*.json',
  '*/*.json',
  '**/*.json',
  'a/**/c.json',
  '**/b/**/*.csv',
  '**/b/c.*',
  '*/**/c.json',
  'a**/c.json',
  '?.json',
  '[ab].json',
  '[!a].json',
  '[a-c]/[[:alpha:]].csv',
  '{a,b}/*.json',
  '{a/b,b}/c.{json,csv}',
  'a/b/{c,d,e}.json',
  'd{1..3}.json',
  '+(a|b).json',
  '!(a).json',
  'sp\\ ace/\\*.json',
  './a/../a/*.json',
  '**/nothing',
])('the glob %s names the files that bash finds', async (pattern) => {
  await using folder = await makeTemporaryFolder()
  const names = ['a', 'b', 'c', 'a/b', 'a/a', 'b/c', 'a/b/c', 'a/b/d', 'sp ace/x', 'sp ace/*', 'd1', 'd2', 'd4', 'dd']
  for (const name of names) for (const type of ['json', 'csv']) await folder.put(`${name}.${type}`, '1')
  // Of a folder that matches, everything in it is meant.
  const script = `for found in ${pattern}; do [ -e "$found" ] && find "$found" -type f -exec realpath {} +; done; true`
  const shell = ['-O', 'globstar', '-O', 'extglob', '-O', 'nullglob', '-c', script]
  const expected = execFileSync('bash', shell, { cwd: folder.root, encoding: 'utf8' }).split('\n').filter(Boolean)
  expect((await listed(folder, pattern)).map(({ key }) => key)).toEqual([...new Set(expected)].sort())
})
