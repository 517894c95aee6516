import { describe, expect, test } from 'vitest'
import type { Weakness } from '../../../../test/s3-server/s3-context.ts'
import { S3Server } from '../../../../test/s3-server/s3-server.ts'
import { makeS3Store } from './s3-store.ts'

async function probe(ignore: readonly Weakness[], options: Parameters<S3Server['makeBucket']>[1] = {}) {
  await using server = await S3Server.start({ ignore })
  const bucket = server.makeBucket('lake', options)
  process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
  const capabilities = await makeS3Store({ endpoint: server.endpoint }).probe('s3://lake/scratch/')
  expect(bucket.keys()).toEqual([])
  expect(bucket.uploads.size).toBe(0)
  return Object.fromEntries(capabilities.map(({ name, state }) => [name, state]))
}

describe('probeCapabilities', () => {
  test('finds all that a strict server enforces, and leaves nothing behind', async () => {
    expect(await probe([], { versioning: 'Enabled' })).toEqual({
      'conditional-put': 'yes',
      'conditional-complete': 'yes',
      'conditional-copy': 'yes',
      'conditional-delete': 'yes',
      versions: 'yes',
      tags: 'yes',
      'access-control-lists': 'yes',
      'object-lock': 'no',
      checksums: 'yes',
      'checksums-of-copied-parts': 'yes',
    })
  })

  test.each([
    ['put-conditions', 'conditional-put', 'ignored'],
    ['complete-conditions', 'conditional-complete', 'ignored'],
    ['copy-source-conditions', 'conditional-copy', 'ignored'],
    ['delete-conditions', 'conditional-delete', 'ignored'],
    ['copied-part-checksums', 'checksums-of-copied-parts', 'no'],
  ] as const)('finds that a server leaves out %s', async (weakness, name, state) => {
    expect(await probe([weakness])).toMatchObject({ [name]: state, versions: 'no' })
  })

  test('knows object lock', async () => {
    expect(await probe([], { objectLock: true })).toMatchObject({ 'object-lock': 'yes', versions: 'yes' })
  })
})
