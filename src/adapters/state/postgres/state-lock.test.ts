import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTemporaryFolder, type TemporaryFolder } from '../../../../test/temporary-folder.ts'
import { lockState } from './state-lock.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await makeTemporaryFolder()
})
afterEach(() => folder[Symbol.asyncDispose]())

const module = new URL('./state-lock.ts', import.meta.url).href

/** A process that takes the lock, says so, and waits for its end. */
async function startHolder() {
  const program = `const { lockState } = await import('${module}')
    await lockState(process.argv[1])
    process.stdout.write('locked')
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, folder.root], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [said] = await once(child.stdout, 'data')
  expect(String(said)).toBe('locked')
  return child
}

describe('the lock of a state folder', () => {
  test('is held by one process, and the next is told which', async () => {
    const holder = await startHolder()
    const refusal: unknown = await lockState(folder.root).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'state-locked', detail: { pid: holder.pid } })
    expect(String(refusal)).toContain(`process ${holder.pid}`)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await using _lock = await lockState(folder.root)
    expect(await readdir(folder.root)).toEqual(['lock.2'])
  })

  test('is refused within the process that holds it, and free again after it', async () => {
    const lock = await lockState(folder.root)
    await expect(lockState(folder.root)).rejects.toMatchObject({ code: 'state-locked', detail: { pid: process.pid } })
    await lock[Symbol.asyncDispose]()
    await using _again = await lockState(folder.root)
  })

  test('goes to one of many that want it at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const wanted = await Promise.allSettled(Array.from({ length: 8 }, () => lockState(folder.root)))
      const got = wanted.filter(({ status }) => status === 'fulfilled')
      expect(got).toHaveLength(1)
      for (const result of wanted) if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]()
    }
  })

  test('is not taken from a holder that cannot be asked for', async () => {
    await writeFile(`${folder.root}lock.7`, 'ffffffff-00000000-1-1-1')
    await expect(lockState(folder.root)).rejects.toMatchObject({ code: 'state-locked', detail: {} })
  })

  test('stays with the highest number, whatever older ones say', async () => {
    await using _lock = await lockState(folder.root)
    await writeFile(`${folder.root}lock.0`, 'released')
    await expect(lockState(folder.root)).rejects.toMatchObject({ code: 'state-locked' })
  })
})
