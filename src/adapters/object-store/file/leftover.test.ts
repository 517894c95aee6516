import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, symlink, utimes } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { makeTemporaryFolder } from '../../../../test/temporary-folder.ts'
import { asUnprivileged } from '../../../../test/unprivileged.ts'
import { type ProcessIdentity, thisProcess } from '../../process-identity.ts'
import { makeFileStore } from './file-store.ts'
import { leftoverName } from './leftover.ts'

/** Whether a sweep removes the temporary file of such an owner, last written to so many hours ago. */
async function isSwept(owner: Partial<ProcessIdentity>, { hours = 0 } = {}): Promise<boolean> {
  await using folder = await makeTemporaryFolder()
  const name = leftoverName({ ...(await thisProcess()), ...owner })
  await folder.put(name, 'rows')
  const seconds = Date.now() / 1000 - hours * 3600
  await utimes(folder.root + name, seconds, seconds)
  const removed = await makeFileStore().sweep(folder.root)
  expect(await folder.names()).toEqual(removed === 1 ? [] : [name])
  return removed === 1
}

async function startTimeOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8')
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19]!
}

describe.skipIf(process.platform !== 'linux')('a sweep (needs /proc)', () => {
  test('leaves the file of a process that runs', async () => {
    expect(await isSwept({})).toBe(false)
    expect(await isSwept({ pid: process.ppid, startTime: await startTimeOf(process.ppid) })).toBe(false)
    expect(await isSwept({}, { hours: 1000 })).toBe(false)
  })

  test('removes that of a process that ended, also when another has its id by now', async () => {
    const child = spawn('true')
    await once(child, 'exit')
    expect(await isSwept({ pid: child.pid! })).toBe(true)
    expect(await isSwept({ startTime: '1' })).toBe(true)
  })

  test('removes that of a process that was killed and is still waited for', async () => {
    const script = 'sleep 1000 & echo $!; exec sleep 1000'
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const pid = Number(String((await once(parent.stdout, 'data'))[0]))
      // A shell waits for its children, a `sleep` in its place does not.
      await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /)
      expect(await isSwept({ pid, startTime: await startTimeOf(pid) })).toBe(true)
    } finally {
      parent.kill()
    }
  })

  test('removes that of this host before it started anew', async () => {
    expect(await isSwept({ boot: '01234567' })).toBe(true)
  })

  test('leaves that of another host or container for a day', async () => {
    for (const owner of [{ host: '01234567' }, { namespace: '1' }, { host: '01234567', boot: '01234567' }]) {
      expect(await isSwept(owner, { hours: 23 }), JSON.stringify(owner)).toBe(false)
      expect(await isSwept(owner, { hours: 25 }), JSON.stringify(owner)).toBe(true)
    }
  })

  test('removes nothing of that name that is no file, and follows no link', async () => {
    await using folder = await makeTemporaryFolder()
    const dead = { ...(await thisProcess()), startTime: '1' }
    await folder.put(`${leftoverName(dead)}/rows`, 'kept')
    await folder.put('rows', 'kept')
    await symlink('rows', folder.root + leftoverName(dead))
    const before = await folder.names()
    expect(await makeFileStore().sweep(folder.root)).toBe(0)
    expect(await folder.names()).toEqual(before)
  })

  test('tells that it may not remove', async () => {
    await using folder = await makeTemporaryFolder()
    const dead = { ...(await thisProcess()), startTime: '1' }
    await folder.put(`shut/${leftoverName(dead)}`, 'rows')
    await asUnprivileged(folder, async () => {
      await chmod(`${folder.root}shut`, 0o500)
      await expect(makeFileStore().sweep(`${folder.root}shut/`)).rejects.toMatchObject({ code: 'permission-denied' })
      await chmod(`${folder.root}shut`, 0o700)
    })
  })
})
