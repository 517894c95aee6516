/**
 * The key of one batch of matches. `context` says what a text belongs to and has to be the same again: a ciphertext that
 * was moved to another row does not open.
 */
export interface DataKey {
  seal(text: string, context: string): Uint8Array
  /** @throws LetheError `key-unavailable` where the bytes were not sealed with this key and context */
  unseal(sealed: Uint8Array, context: string): string
  /** Equal for equal texts under the same key, and telling nothing without it. 16 bytes. */
  digest(text: string): Uint8Array
}

/**
 * Holds data keys outside of the database, each by itself, so that one can be destroyed and with it everything that was
 * ever written under it: rows, dead rows, indexes, logs, backups of the database.
 *
 * - `create` makes a key, which is durable before the call resolves. A crash leaves at most a key that nobody uses.
 * - `open` rejects with `key-unavailable` where there is no such key, was destroyed, or cannot be read.
 * - `destroy` may be called any number of times, and before it resolves the key is gone for good. It rejects with
 *   `key-unavailable` for a key of another ring: that one is not gone only because it is not here. A crash within it
 *   leaves a key that may not open any more and can be destroyed again.
 *
 * Ids are texts of letters, digits, dots and hyphens, and no secret.
 */
export interface KeyRing {
  create(): Promise<{ readonly id: string; readonly key: DataKey }>
  open(id: string): Promise<DataKey>
  destroy(id: string): Promise<void>
}
