import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'

/** The command as Node runs it in development. */
export const entry = join(dirname(dirname(import.meta.dirname)), 'src', 'cli', 'main.ts')

/**
 * Values that identify the people of the tests. They are searched for in everything that a run leaves, so each is long
 * enough to stand nowhere by chance.
 */
export const people = {
  ada: 'ada.lovelace-4711@example.org',
  bob: 'bob.babbage-0815@example.org',
  number: '90071992547409931',
} as const

type Child = ChildProcessWithoutNullStreams

export interface Run {
  /** Exit status; null where a signal ended the process. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  /** Default: standard input ends after `stdin`. */
  readonly keepStdinOpen?: boolean
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** In a session of its own, which has no terminal. */
  readonly detached?: boolean
  /** Arguments for Node, before the entry. */
  readonly node?: readonly string[]
  /** Called with the process at once; may close its output. */
  readonly onStart?: (process: Child) => void
  /** Called as output arrives, with all of it so far; may end the process or close its output. */
  readonly onOutput?: (process: Child, output: string) => void
  /** Values that must be nowhere, beside those of `people`. */
  readonly secrets?: readonly string[]
}

/** Runs `lethe` and looks for match values in whatever it gives away: output, temporary files, command line, title. */
export async function runLethe(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return await runCommand(process.execPath, [...(options.node ?? []), entry, ...args], options)
}

/** Runs another command that starts `lethe`, a terminal for instance, and looks for match values likewise. */
export async function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const temporary = mkdtempSync(join(tmpdir(), 'run-lethe-'))
  try {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary, ...options.env },
      detached: options.detached ?? false,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    options.onStart?.(child)
    const watch = watchCommandLine(child.pid!)
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
        options.onOutput?.(child, output.stdout + output.stderr)
      })
    }
    // A command that does not read its input, or dies, closes it: that is no failure of the test.
    child.stdin.on('error', () => undefined)
    if (options.keepStdinOpen !== true) child.stdin.end(options.stdin ?? '')
    const end = await new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status, signal) => resolve({ status, signal }))
    })
    const run = { ...end, ...output }
    const secrets = [...Object.values(people), ...(options.secrets ?? [])]
    expectNone(secrets, { ...output, ...contentsOf(temporary) })
    // Whoever gives a value as an argument has shown it already.
    const hidden = secrets.filter((secret) => !args.some((argument) => argument.includes(secret)))
    expectNone(hidden, { 'command line': watch.end() })
    return run
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Where `/proc` has it, what `ps` shows of the process while it runs. */
function watchCommandLine(pid: number): { end(): string } {
  const seen = new Set<string>()
  const look = () => {
    for (const name of ['cmdline', 'comm']) {
      const path = `/proc/${pid}/${name}`
      try {
        if (existsSync(path)) seen.add(readFileSync(path, 'utf8'))
      } catch {
        // It ended between the two calls.
      }
    }
  }
  look()
  const timer = setInterval(look, 5)
  return {
    end() {
      clearInterval(timer)
      return [...seen].join('\n')
    },
  }
}

/** Every file below a folder, by its path in it; the names are part of what is searched. */
function contentsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  return Object.fromEntries(
    files
      .map((file) => join(file.parentPath, file.name))
      .sort()
      .map((path): [string, string] => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  )
}

function expectNone(secrets: readonly string[], texts: Record<string, string>): void {
  const leaks = Object.entries(texts).flatMap(([name, text]) =>
    secrets.filter((secret) => name.includes(secret) || text.includes(secret)).map((secret) => `${secret} in ${name}`),
  )
  expect(leaks).toEqual([])
}

/** Makes a folder of files, removed at the end of the scope. */
export function makeLake(files: Readonly<Record<string, string | Uint8Array>>): {
  readonly folder: string
  path(name: string): string
  contents(): Record<string, string>
  [Symbol.dispose](): void
} {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-lake-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return {
    folder,
    path: (name) => join(folder, name),
    contents: () => contentsOf(folder),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Values as the lines of NDJSON. */
export function lines(...values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}
