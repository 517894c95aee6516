/**
 * A command of what is configured, ready to run: yields the exit status. What it needs (YAML, the database) is loaded when it
 * runs and not before, because `find` and `erase` on targets need none of it.
 */
export interface RunRequest {
  readonly kind: 'run'
  run(options: RunOptions): Promise<number>
}

export interface RunOptions {
  readonly signal: AbortSignal
}

export type OnRun = (request: RunRequest) => void
