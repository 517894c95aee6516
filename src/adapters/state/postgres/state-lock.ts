import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LetheError } from '../../../domain/error.ts'
import { systemCodeOf } from '../../../domain/system-error.ts'
import { createFile } from '../../create-file.ts'
import { hasEnded, parseIdentity, printIdentity, thisProcess } from '../../process-identity.ts'

const released = 'released'

/**
 * Takes an embedded database's folder for this process alone: the database itself has no lock, and two processes in
 * one folder lose data.
 *
 * The lock is the file `lock.<n>` of the highest number, which says who holds it, or that it was released. Who finds it
 * released, or its holder dead, makes the file of the next number, which only one can, and looks whether there is a
 * higher one by now; only then it removes lower ones. The highest is never removed, so that numbers only rise: a process
 * that slept since it saw a dead holder makes a file of a number that is taken, or finds a higher one, and holds nothing.
 * A crash leaves the file of a dead holder, and perhaps lower ones.
 *
 * @throws LetheError `state-locked`, with the holder's process id where it is on this host
 */
export async function lockState(folder: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const self = printIdentity(await thisProcess())
  for (;;) {
    const [highest = 0] = await lockNumbers(folder)
    await requireFree(lockPath(folder, highest))
    const number = highest + 1
    if (!(await createFile(lockPath(folder, number), self))) continue
    const [first, ...lower] = await lockNumbers(folder)
    if (first === number) {
      for (const old of lower) await rm(lockPath(folder, old), { force: true })
      return { [Symbol.asyncDispose]: () => release(lockPath(folder, number)) }
    }
    await rm(lockPath(folder, number), { force: true })
  }
}

/** The numbers of the lock files, the highest first. */
async function lockNumbers(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).flatMap((name) => /^lock\.([0-9]{1,15})$/.exec(name)?.[1] ?? [])
  return numbers.map(Number).sort((a, b) => b - a)
}

function lockPath(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

async function requireFree(path: string): Promise<void> {
  const text = await textOf(path)
  // Not there: never locked, or a higher one has come since, which the next look sees.
  if (text === undefined || text === released) return
  const holder = parseIdentity(text)
  const ended = holder === undefined ? undefined : await hasEnded(holder, await thisProcess())
  if (ended === true) return
  const who =
    ended === undefined
      ? 'a process on another host or in another container'
      : `the process ${holder!.pid} of this host`
  throw new LetheError(
    'state-locked',
    `the state folder is in use by ${who}; wait for it, or use a Postgres server (DATABASE_URL) for several processes`,
    ended === undefined ? {} : { detail: { pid: holder!.pid } },
  )
}

async function release(path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, released, { mode: 0o600 })
  await rename(draft, path)
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
