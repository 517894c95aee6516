/** When jobs begin by themselves. */
export interface Schedule {
  readonly name: string
  /** Five fields of cron: minute, hour, day of month, month, day of week. */
  readonly cron: string
  /** An IANA time zone, `Europe/Berlin`. */
  readonly timeZone: string
  readonly dryRun: boolean
}

/** Two schedules of a name that differ in it are due at different times. */
export function expressionOf({ cron, timeZone }: Schedule): string {
  return `${cron} ${timeZone}`
}
