import { createHash, randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { isMissing } from './file-error.ts'
import { decodeName, encodeName, joinName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'

/**
 * A writer's temporary file is called `.lethe-<id>.tmp`; the id says whose it is, so that there is no moment in which
 * the file exists and its owner is unknown: host, boot, process namespace, process id, the process's start time.
 */
export interface LeftoverOwner {
  /** Digest of the host's name. */
  readonly host: string
  /** Begins a new life of the kernel, in which process ids and start times begin anew. */
  readonly boot: string
  /** Containers of one kernel count their processes each from 1. */
  readonly namespace: string
  readonly pid: number
  /** In clock ticks since the boot: tells a process from a later one with its id. */
  readonly startTime: string
}

const pattern = /^\.lethe-([0-9a-f]{8})-([0-9a-f]{8})-([0-9]+)-([0-9]+)-([0-9]+)-[0-9a-f]{16}\.tmp$/

/** A file of another host or container whose writer cannot be asked for is left alone for so long. */
const strangerMs = 24 * 60 * 60 * 1000

export function leftoverName({ host, boot, namespace, pid, startTime }: LeftoverOwner): string {
  return `.lethe-${[host, boot, namespace, pid, startTime, randomBytes(8).toString('hex')].join('-')}.tmp`
}

/** This process as an owner. Where there is no `/proc`, only its id tells it from others. */
export async function thisOwner(): Promise<LeftoverOwner> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return {
    host: createHash('sha256').update(hostname()).digest('hex').slice(0, 8),
    boot: /^[0-9a-f]{8}/.exec(boot)?.[0] ?? '00000000',
    namespace: /[0-9]+/.exec(namespace)?.[0] ?? '0',
    pid: process.pid,
    startTime: (await processOf(process.pid))?.startTime ?? '0',
  }
}

/** Removes what dead writers left directly in a folder; yields how many files. */
export async function sweepFolder(fs: FileSystem, folder: string): Promise<number> {
  const self = await thisOwner()
  let removed = 0
  for (const name of await namesIn(fs, folder)) {
    const owner = ownerOf(name)
    if (owner === undefined) continue
    const path = encodeName(joinName(folder, name))
    try {
      const stats = await fs.lstat(path)
      if (!stats.isFile() || !(await isDead(owner, self, stats))) continue
      await fs.unlink(path)
      removed += 1
    } catch (error) {
      // Another run removed it, or its writer ended well: gone is what it should be.
      if (!isMissing(error)) throw error
    }
  }
  return removed
}

async function namesIn(fs: FileSystem, folder: string): Promise<string[]> {
  try {
    return (await fs.readdir(encodeName(folder), { encoding: 'buffer' })).map(decodeName)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function ownerOf(name: string): LeftoverOwner | undefined {
  const [, host, boot, namespace, pid, startTime] = pattern.exec(name) ?? []
  if (startTime === undefined) return undefined
  return { host: host!, boot: boot!, namespace: namespace!, pid: Number(pid), startTime }
}

/**
 * In doubt a writer is alive. One that is taken for dead by mistake loses its temporary file, so that its rename fails
 * and the object stays as it was.
 */
async function isDead(owner: LeftoverOwner, self: LeftoverOwner, { mtimeMs }: Stats): Promise<boolean> {
  if (owner.host === self.host && owner.boot !== self.boot) return true
  if (owner.host === self.host && owner.namespace === self.namespace) {
    if (!isRunning(owner.pid)) return true
    const running = await processOf(owner.pid)
    return running !== undefined && (running.isZombie || running.startTime !== owner.startTime)
  }
  return Date.now() - mtimeMs > strangerMs
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/** What `/proc` says of a process, of which the start time is field 22 (proc_pid_stat(5)); undefined where it is mute. */
async function processOf(pid: number): Promise<{ readonly startTime: string; readonly isZombie: boolean } | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // The second field is the program's name in brackets, with anything in it; the third comes after the last bracket.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ')
  const startTime = fields?.[19]
  return startTime === undefined ? undefined : { startTime, isZombie: fields![0] === 'Z' || fields![0] === 'X' }
}
