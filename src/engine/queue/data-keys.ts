import type { DataKey, KeyRing } from '../../ports/key-ring.ts'

/** Opens each key of a run once. */
export function rememberKeys(keyRing: Pick<KeyRing, 'open'>): (keyId: string) => Promise<DataKey> {
  const known = new Map<string, Promise<DataKey>>()
  return (keyId) => {
    let key = known.get(keyId)
    if (key === undefined) known.set(keyId, (key = keyRing.open(keyId)))
    return key
  }
}
