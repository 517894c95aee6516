/**
 * What a store does by itself when an object is written, beside keeping it.
 *
 * - `notifications`: it tells somebody, who may take the object in once more.
 * - `lifecycle`: its rules count days from the write, so their clocks begin anew.
 * - `replication`: it copies the new version elsewhere; old versions there stay, and are not reached from here.
 */
export type SideEffectCode = 'notifications' | 'lifecycle' | 'replication'

export interface SideEffect {
  readonly code: SideEffectCode
  /** Where, as a target: `s3://bucket/`. */
  readonly place: string
  /** `unknown` where the store may not be asked. */
  readonly state: 'yes' | 'unknown'
}
