/**
 * What an error means for the object or the run that met it.
 *
 * - `usage`: the caller asked for something that cannot be done; nothing was touched.
 * - `refused`: the object is damaged, unsupported or unsafe to rewrite; it was not touched.
 * - `failed`: reading or writing did not work (I/O, a concurrent writer); may be tried again.
 * - `declined`: a person said no.
 * - `interrupted`: the run was cancelled.
 * - `internal`: a defect of Lethe.
 */
export type Outcome = 'usage' | 'refused' | 'failed' | 'declined' | 'interrupted' | 'internal'

/** Every error code, and what it means. A code is part of the contract: never renamed, never reused. */
export const outcomes = {
  'invalid-argument': 'usage',
  'invalid-match': 'usage',
  'no-data': 'usage',
  'column-not-found': 'usage',
  'not-confirmed': 'usage',
  'invalid-config': 'usage',
  'not-found': 'usage',
  'already-exists': 'usage',
  'in-use': 'usage',
  'wrong-state': 'usage',
  'not-permitted': 'usage',
  'scope-exceeded': 'failed',
  'left-behind': 'failed',
  'worker-lost': 'failed',
  'state-locked': 'failed',
  'state-newer': 'failed',
  'state-unavailable': 'failed',
  'state-conflict': 'failed',
  'key-unavailable': 'failed',

  'unknown-format': 'refused',
  malformed: 'refused',
  unsupported: 'refused',
  'unsupported-key': 'refused',
  'ambiguous-column': 'refused',
  'table-managed': 'refused',
  'hard-linked': 'refused',
  'not-owner': 'refused',
  encrypted: 'refused',
  archived: 'refused',
  locked: 'refused',
  'limit-exceeded': 'refused',
  'not-verified': 'refused',

  'object-changed': 'failed',
  'object-missing': 'failed',
  'permission-denied': 'failed',
  'no-space': 'failed',
  contended: 'failed',
  'outcome-unknown': 'failed',
  io: 'failed',

  declined: 'declined',
  interrupted: 'interrupted',
  internal: 'internal',
} as const satisfies Record<string, Outcome>

export type ErrorCode = keyof typeof outcomes

export interface LetheErrorOptions {
  /** True when the same call may succeed later without anyone changing anything. Default: false. */
  readonly retryable?: boolean
  readonly cause?: unknown
  /** Facts for programs: positions, counts, limits. Never a match value, never an object's content. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/**
 * The one error class. `message` says what is wrong, with which thing, and what to do; it never holds a match
 * value or an object's content, so parser and database errors are wrapped, not quoted.
 */
export class LetheError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly detail: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, { retryable = false, cause, detail = {} }: LetheErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LetheError'
    this.code = code
    this.retryable = retryable
    this.detail = detail
  }

  get outcome(): Outcome {
    return outcomes[this.code]
  }
}
