import type { JobPhase } from './job.ts'

/**
 * The life of an object in a job, durable step by step. Searches go from `planned` straight to their end; what is erased
 * takes the steps between, in the order that is law:
 *
 * - `planned`: nothing was done. A crash leaves nothing.
 * - `pinned`: the edit of exactly one version is made and verified, and its rows are counted against what was agreed to.
 *   A crash leaves the old object, or the new one whose writer did not live to say so: to find again tells which.
 * - `written`: the new version is there.
 * - `verified`: it was read back; the evidence is recorded. A crash leaves old versions.
 * - `done`: old versions are gone, or their deletion is a task of its own for later.
 *
 * Or else `skipped` (vanished, and the mapper does not mind), `refused` (left untouched, by name), `failed`.
 * Whatever the step, to do the task again is safe: what was erased is not found.
 */
export const taskStates = ['planned', 'pinned', 'written', 'verified', 'done', 'skipped', 'refused', 'failed'] as const
export type TaskState = (typeof taskStates)[number]

export type EndState = Extract<TaskState, 'done' | 'skipped' | 'refused' | 'failed'>

/** CLEANUP deletes old versions that were kept for some time, when the job itself has long ended. */
export type TaskPhase = Exclude<JobPhase, 'PLAN'> | 'CLEANUP'
