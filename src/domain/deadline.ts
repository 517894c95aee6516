/** A law's time for an erasure. Own profiles give a number of days. */
export type DeadlineProfile = 'gdpr' | 'ccpa' | { readonly days: number }

/** Calendar dates are `YYYY-MM-DD`: a deadline is a day where the request was received, not an instant. */
export type CalendarDate = string

const dayMs = 86_400_000

/**
 * The last day of the time that a request leaves.
 *
 * - `gdpr`: one calendar month after its receipt (GDPR, article 12(3)); where the month has no such day, its last one
 *   (Regulation 1182/71, article 3).
 * - `ccpa`: 45 days (California Civil Code, section 1798.130).
 */
export function dueDate(received: CalendarDate, profile: DeadlineProfile): CalendarDate {
  if (profile === 'gdpr') return monthAfter(received)
  return addDays(received, profile === 'ccpa' ? 45 : profile.days)
}

/** Whole days from today to the deadline; negative where it is over. */
export function daysLeft(due: CalendarDate, today: CalendarDate): number {
  return Math.round((utc(due) - utc(today)) / dayMs)
}

/** Share of the time after which a request that is not done is at risk. */
const riskShare = 2 / 3

export function isAtRisk({
  received,
  due,
  today,
}: Readonly<Record<'received' | 'due' | 'today', CalendarDate>>): boolean {
  return utc(today) - utc(received) >= riskShare * (utc(due) - utc(received))
}

function monthAfter(date: CalendarDate): CalendarDate {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number]
  // Day 0 of a month is the last day of the one before.
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return print(Date.UTC(year, month, Math.min(day, lastDay)))
}

function addDays(date: CalendarDate, days: number): CalendarDate {
  return print(utc(date) + days * dayMs)
}

function utc(date: CalendarDate): number {
  return Date.parse(`${date}T00:00:00Z`)
}

function print(ms: number): CalendarDate {
  return new Date(ms).toISOString().slice(0, 10)
}

/** One word for a profile: `gdpr`, `ccpa`, or the number of days. */
export function printDeadline(profile: DeadlineProfile): string {
  return typeof profile === 'string' ? profile : String(profile.days)
}

const maxDays = 3650

/** The inverse of `printDeadline`; undefined where the text is none of these. */
export function parseDeadline(text: string): DeadlineProfile | undefined {
  if (text === 'gdpr' || text === 'ccpa') return text
  const days = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0
  return days >= 1 && days <= maxDays ? { days } : undefined
}

/** True for a day that there is, written `YYYY-MM-DD`. */
export function isCalendarDate(text: string): boolean {
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && !Number.isNaN(utc(text)) && print(utc(text)) === text
}
