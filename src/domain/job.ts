/**
 * The life of a deletion job. Names are those of Amazon S3 Find and Forget where it has one.
 *
 * A job is a frozen snapshot of the queue and of the mappers. It is QUEUED until a worker takes it, and RUNNING in one of
 * four phases: FIND searches every object, PLAN sums up what was found, FORGET carries it out, VERIFY searches the whole
 * scope once more. Between PLAN and FORGET it may wait for a person (AWAITING_APPROVAL), where it holds no lock on
 * anything, or end (PLANNED, a dry run). Behind VERIFY the old versions are gone and the receipts are written; what is
 * left is to destroy the match values (FORGET_COMPLETED_CLEANUP_IN_PROGRESS).
 *
 * A failure keeps its place. FIND_FAILED is before anything was erased: the matches are back in the queue, and another
 * job is the way to try again. FORGET_PARTIALLY_FAILED where some objects could not be done, or where the search after it
 * found something left, and FORGET_FAILED where none could: the matches stay, and a retry is a new pass over what is not
 * done; who gives up cancels. Behind COMPLETED_CLEANUP_FAILED everything is erased, and a retry destroys the match values.
 *
 * Who moves it: one worker at a time, by a lease on the job's row, when no task of the phase is left; people, by their
 * decisions; and a task that would erase more than was agreed to, which sends the job back to AWAITING_APPROVAL. Each move
 * is one transaction with all that belongs to it (tasks made, matches released), so that a crash is before or after it.
 */
export const jobStates = [
  'QUEUED',
  'RUNNING',
  'AWAITING_APPROVAL',
  'PLANNED',
  'FORGET_COMPLETED_CLEANUP_IN_PROGRESS',
  'COMPLETED',
  'COMPLETED_CLEANUP_FAILED',
  'FIND_FAILED',
  'FORGET_FAILED',
  'FORGET_PARTIALLY_FAILED',
  'REJECTED',
  'EXPIRED',
  'CANCELLED',
  'FAILED',
] as const
export type JobState = (typeof jobStates)[number]

/** What a RUNNING job does; undefined in every other state. */
export const jobPhases = ['FIND', 'PLAN', 'FORGET', 'VERIFY'] as const
export type JobPhase = (typeof jobPhases)[number]

/** The states that may follow; a state that is not in the list of the present one is a defect, and refused. */
export const nextJobStates: Readonly<Record<JobState, readonly JobState[]>> = {
  QUEUED: ['RUNNING', 'CANCELLED'],
  RUNNING: [
    'AWAITING_APPROVAL',
    'PLANNED',
    'FORGET_COMPLETED_CLEANUP_IN_PROGRESS',
    'FIND_FAILED',
    'FORGET_FAILED',
    'FORGET_PARTIALLY_FAILED',
    'CANCELLED',
    'FAILED',
  ],
  AWAITING_APPROVAL: ['RUNNING', 'REJECTED', 'EXPIRED', 'CANCELLED'],
  PLANNED: [],
  FORGET_COMPLETED_CLEANUP_IN_PROGRESS: ['COMPLETED', 'COMPLETED_CLEANUP_FAILED'],
  COMPLETED: [],
  COMPLETED_CLEANUP_FAILED: ['FORGET_COMPLETED_CLEANUP_IN_PROGRESS'],
  FIND_FAILED: [],
  FORGET_FAILED: ['RUNNING', 'CANCELLED'],
  FORGET_PARTIALLY_FAILED: ['RUNNING', 'CANCELLED'],
  REJECTED: [],
  EXPIRED: [],
  CANCELLED: [],
  FAILED: [],
}

export function mayFollow(from: JobState, to: JobState): boolean {
  return nextJobStates[from].includes(to)
}

/** True where no worker has anything left to do: the job is at its end, or waits for a person. */
export function isAtRest(state: JobState): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING' && state !== 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS'
}

/** True where a job has let go of its matches for good: they are final, or back in the queue. */
export function hasReleasedMatches(state: JobState): boolean {
  return nextJobStates[state].length === 0
}
