import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { LetheError } from '../../domain/error.ts'
import type { DataKey } from '../../ports/key-ring.ts'

export const keyBytes = 32
const digestBytes = 16

const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16
/** First byte of what is sealed, so that another way of sealing can be told from this one. */
const version = 1

/**
 * Seals with AES-256-GCM (NIST SP 800-38D): version | 96 random bits | ciphertext | tag. Random bits repeat after so many
 * messages under one key that a batch never comes near (2^32 leave a chance of 2^-32).
 */
export function seal(key: KeyObject | Uint8Array, content: Uint8Array | string, context: string): Uint8Array {
  const iv = randomBytes(ivBytes)
  const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(context))
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const sealed = Buffer.concat([sealing.update(bytes), sealing.final()])
  return Buffer.concat([Uint8Array.of(version), iv, sealed, sealing.getAuthTag()])
}

/** @throws LetheError `key-unavailable` where the bytes were not sealed with this key and context, or were changed */
export function unseal(key: KeyObject | Uint8Array, sealed: Uint8Array, context: string): Buffer {
  const start = 1 + ivBytes
  const end = sealed.length - tagBytes
  if (sealed[0] !== version || end < start) throw notSealed()
  try {
    const opening = createDecipheriv(cipher, key, sealed.subarray(1, start), { authTagLength: tagBytes })
    opening.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(end))
    return Buffer.concat([opening.update(sealed.subarray(start, end)), opening.final()])
  } catch (error) {
    throw notSealed(error)
  }
}

/** A data key of which one half seals and the other digests, neither telling the other (HKDF, RFC 5869). */
export function makeDataKey(secret: Uint8Array): DataKey {
  const sealingKey = derive(secret, 'lethe seal')
  const digestKey = derive(secret, 'lethe digest')
  return {
    seal: (text, context) => seal(sealingKey, text, context),
    unseal: (sealed, context) => unseal(sealingKey, sealed, context).toString('utf8'),
    digest: (text) => createHmac('sha256', digestKey).update(text).digest().subarray(0, digestBytes),
  }
}

/** As an object that is made once: made of bytes at each call, it would cost more than the ciphering. */
function derive(secret: Uint8Array, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', purpose, keyBytes)))
}

function notSealed(cause?: unknown): LetheError {
  return new LetheError('key-unavailable', 'a sealed text does not open with its key: one of them was changed', {
    cause,
  })
}
