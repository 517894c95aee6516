/** What a store of objects is asked for, beyond keeping bytes. */
export type CapabilityName =
  | 'conditional-put'
  | 'conditional-complete'
  | 'conditional-copy'
  | 'conditional-delete'
  | 'versions'
  | 'tags'
  | 'access-control-lists'
  | 'object-lock'
  | 'checksums'
  | 'checksums-of-copied-parts'

/**
 * - `yes`: it is there, and enforced.
 * - `no`: it is not there, and the store says so or it is switched off.
 * - `ignored`: it is accepted and has no effect: worse than `no`, because nothing says so.
 * - `wrong`: it answers, with something that is not true.
 * - `unknown`: it could not be found out, mostly for a missing permission.
 */
export type CapabilityState = 'yes' | 'no' | 'ignored' | 'wrong' | 'unknown'

/** What a probe of a store found. */
export interface Capability {
  readonly name: CapabilityName
  readonly state: CapabilityState
  /** An error code of the store, or a setting: never a credential. */
  readonly detail?: string
}
