import { createHash } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** What tells one process from every other, as long as its host keeps its name. */
export interface ProcessIdentity {
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

/** This process. Where there is no `/proc`, only its id tells it from others. */
export async function thisProcess(): Promise<ProcessIdentity> {
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

/**
 * Whether a process has ended for certain; undefined where it cannot be asked for: another host, or another container.
 * In doubt it is alive.
 */
export async function hasEnded(other: ProcessIdentity, self: ProcessIdentity): Promise<boolean | undefined> {
  if (other.host !== self.host) return undefined
  if (other.boot !== self.boot) return true
  if (other.namespace !== self.namespace) return undefined
  if (!isRunning(other.pid)) return true
  const running = await processOf(other.pid)
  return running !== undefined && (running.isZombie || running.startTime !== other.startTime)
}

/** One text for an identity, made of digits, lower-case letters and hyphens; `parseIdentity` is its inverse. */
export function printIdentity({ host, boot, namespace, pid, startTime }: ProcessIdentity): string {
  return [host, boot, namespace, pid, startTime].join('-')
}

export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, host, boot, namespace, pid, startTime] =
    /^([0-9a-f]{8})-([0-9a-f]{8})-([0-9]+)-([0-9]+)-([0-9]+)$/.exec(text) ?? []
  if (startTime === undefined) return undefined
  return { host: host!, boot: boot!, namespace: namespace!, pid: Number(pid), startTime }
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
