import { createHash } from 'node:crypto'
import { LetheError } from '../../../domain/error.ts'

/** The members of a request about an object that is encrypted with a key of the customer (SSE-C). */
export interface CustomerKey {
  readonly SSECustomerAlgorithm: 'AES256'
  readonly SSECustomerKey: string
  readonly SSECustomerKeyMD5: string
}

/** The same, of the source of a copy. */
export interface CopySourceCustomerKey {
  readonly CopySourceSSECustomerAlgorithm: 'AES256'
  readonly CopySourceSSECustomerKey: string
  readonly CopySourceSSECustomerKeyMD5: string
}

/** @param key 32 bytes in base64. @throws LetheError `invalid-argument` */
export function makeCustomerKey(key: string): CustomerKey {
  const bytes = Buffer.from(key, 'base64')
  if (bytes.length !== 32) throw new LetheError('invalid-argument', 'a customer key is 32 bytes in base64')
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: bytes.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(bytes).digest('base64'),
  }
}

export function customerKeyOf({ customerKey }: { readonly customerKey?: CustomerKey }): Partial<CustomerKey> {
  return customerKey ?? {}
}

export function copySourceKeyOf({
  customerKey,
}: {
  readonly customerKey?: CustomerKey
}): Partial<CopySourceCustomerKey> {
  if (customerKey === undefined) return {}
  return {
    CopySourceSSECustomerAlgorithm: customerKey.SSECustomerAlgorithm,
    CopySourceSSECustomerKey: customerKey.SSECustomerKey,
    CopySourceSSECustomerKeyMD5: customerKey.SSECustomerKeyMD5,
  }
}
