/**
 * A group of comparisons, one file of `bench/cases` each: the file exports it as `group`, and as `tasks` what its
 * contenders run in processes of their own.
 */
export interface BenchGroup {
  /** How it is chosen: `npm run bench -- NAME`. */
  readonly name: string
  /** Makes the data, in a folder that is removed afterwards. */
  prepare(request: { readonly folder: string; readonly scale: number }): Promise<readonly Comparison[]>
}

/** Ways of doing one piece of work, measured in turn. */
export interface Comparison {
  readonly title: string
  /** What is worked on: sizes, seeds, versions. */
  readonly facts: readonly string[]
  /** Size of the data, for rates. */
  readonly bytes: number
  /** The contender that the others are measured by. */
  readonly baseline: string
  readonly contenders: readonly Contender[]
}

export interface Contender {
  readonly name: string
  readonly work: Work
  /** Before and after each round, outside of what is measured; `check` throws when the work was not done. */
  readonly before?: () => Promise<void>
  readonly check?: (result: unknown) => Promise<void>
  readonly after?: () => Promise<void>
}

/**
 * - `task`: one of the group's tasks, in a Node process of its own; only what it passes to `measure` counts as time.
 * - `command`: a program, from its start to its end.
 */
export type Work =
  | { readonly kind: 'task'; readonly task: string; readonly with: TaskArguments }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly stdout?: string }

export type TaskArguments = Readonly<Record<string, string | number>>

/** Yields what the task is to be checked by: plain data. */
export type Task = (args: TaskArguments, measure: Measure) => Promise<unknown>
export type Measure = <Result>(work: () => Promise<Result>) => Promise<Result>

/** The cost of one round. CPU time is of all threads; the peak is of the whole process, Node's own memory included. */
export interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakBytes: number
}
