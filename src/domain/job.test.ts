import { describe, expect, test } from 'vitest'
import { hasReleasedMatches, isAtRest, type JobState, jobStates, mayFollow, nextJobStates } from './job.ts'

/** Every state that can be reached from one, itself too. */
function reachable(from: JobState): Set<JobState> {
  const seen = new Set([from])
  for (const state of seen) for (const next of nextJobStates[state]) seen.add(next)
  return seen
}

describe('the life of a job', () => {
  test('reaches every state from QUEUED', () => {
    expect(reachable('QUEUED')).toEqual(new Set(jobStates))
  })

  test('can always come to an end', () => {
    for (const state of jobStates) {
      expect(
        [...reachable(state)].some((end) => nextJobStates[end].length === 0),
        state,
      ).toBe(true)
    }
  })

  test('erases nothing without the step from AWAITING_APPROVAL or from a plan that needs none', () => {
    expect(mayFollow('QUEUED', 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS')).toBe(false)
    expect(mayFollow('PLANNED', 'RUNNING')).toBe(false)
    expect(mayFollow('REJECTED', 'RUNNING')).toBe(false)
    expect(mayFollow('EXPIRED', 'RUNNING')).toBe(false)
  })

  test('is COMPLETED only after the clean-up, which follows a forget that failed nowhere', () => {
    const before = jobStates.filter((state) => mayFollow(state, 'COMPLETED'))
    expect(before).toEqual(['FORGET_COMPLETED_CLEANUP_IN_PROGRESS'])
    const beforeCleanup = jobStates.filter((state) => mayFollow(state, 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS'))
    expect(beforeCleanup).toEqual(['RUNNING', 'COMPLETED_CLEANUP_FAILED'])
  })

  test('keeps its matches as long as it can run again', () => {
    expect(jobStates.filter((state) => isAtRest(state) && !hasReleasedMatches(state))).toEqual([
      'AWAITING_APPROVAL',
      'COMPLETED_CLEANUP_FAILED',
      'FORGET_FAILED',
      'FORGET_PARTIALLY_FAILED',
    ])
  })
})
