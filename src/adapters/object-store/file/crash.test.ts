import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { makeTemporaryFolder, type TemporaryFolder } from '../../../../test/temporary-folder.ts'
import { makeFileStore } from './file-store.ts'

const script = fileURLToPath(new URL('../../../../test/fault/rewrite-and-die.ts', import.meta.url))

/** Acts in a process that is killed before its `call`-th call to the file system. False when it ended before that. */
async function dies(action: string, path: string, call: number): Promise<boolean> {
  const child = spawn(process.execPath, [script, action, path, String(call)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code, signal] = await once(child, 'exit')
  if (signal === 'SIGKILL') return true
  expect(code).toBe(0)
  return false
}

const oldBytes = Buffer.from(Uint8Array.from({ length: 300_500 }, (_, index) => (index * 31) ^ (index >> 8)))
const newBytes = Buffer.concat(
  Array.from({ length: 151 }, (_, index) => oldBytes.subarray(index * 2000, index * 2000 + 1000)),
)

interface Aftermath {
  readonly folder: TemporaryFolder
  readonly path: string
  /** Names beside the object, after the sweep of the next run. */
  readonly names: readonly string[]
}

/** Kills at every call in turn, sweeps as the next run does, and looks at what is there. */
async function killEverywhere(action: string, look: (after: Aftermath) => Promise<string>): Promise<Set<string>> {
  const states = new Set<string>()
  let killed = true
  for (let call = 1; killed; call += 1) {
    await using folder = await makeTemporaryFolder()
    const path = `${folder.root}rows.ndjson`
    if (action !== 'create') {
      await folder.put('rows.ndjson', oldBytes)
      await folder.put('.rows.ndjson.crc', 'of the old bytes')
    }
    killed = await dies(action, path, call)
    const leftovers = (await folder.names()).filter((name) => name.startsWith('.lethe-'))
    expect(leftovers.length, `leftovers after call ${call}`).toBeLessThanOrEqual(killed ? 1 : 0)
    expect(await makeFileStore().sweep(folder.root)).toBe(leftovers.length)
    states.add(await look({ folder, path, names: await folder.names() }))
  }
  return states
}

describe('a process that is killed at any call', { timeout: 120_000 }, () => {
  test('while it replaces a file leaves the old or the new one, and never a sidecar of other bytes', async () => {
    const states = await killEverywhere('replace', async ({ folder, path, names }) => {
      const bytes = Buffer.from((await folder.get('rows.ndjson'))!)
      const state = bytes.equals(oldBytes) ? 'old' : bytes.equals(newBytes) ? 'new' : 'third'
      expect((await stat(path)).nlink).toBe(1)
      return `${state}: ${names.join(', ')}`
    })
    expect(states).toEqual(new Set(['old: .rows.ndjson.crc, rows.ndjson', 'old: rows.ndjson', 'new: rows.ndjson']))
  })

  test('while it makes a new file leaves none or a whole one with one name', async () => {
    const states = await killEverywhere('create', async ({ folder, path, names }) => {
      const bytes = await folder.get('rows.ndjson')
      if (bytes === undefined) return `none: ${names.join(', ')}`
      expect((await stat(path)).nlink).toBe(1)
      return `${Buffer.from(bytes).equals(Buffer.alloc(200_000, 7)) ? 'whole' : 'third'}: ${names.join(', ')}`
    })
    expect(states).toEqual(new Set(['none: ', 'whole: rows.ndjson']))
  })

  test('while it removes a file leaves it whole or nothing of it', async () => {
    const states = await killEverywhere('remove', async ({ folder, names }) => {
      const bytes = await folder.get('rows.ndjson')
      if (bytes !== undefined) expect(Buffer.from(bytes).equals(oldBytes)).toBe(true)
      return names.join(', ')
    })
    expect(states).toEqual(new Set(['.rows.ndjson.crc, rows.ndjson', 'rows.ndjson', '']))
  })
})
