import { afterAll, describe } from 'vitest'
import { describeObjectStore } from '../../../../test/contract/object-store.ts'
import { S3Server } from '../../../../test/s3-server/s3-server.ts'
import { makeS3Store } from './s3-store.ts'

const server = await S3Server.start()
process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
afterAll(() => server[Symbol.asyncDispose]())

let made = 0

describe.each(['Off', 'Enabled', 'Suspended'] as const)('with versioning %s', (versioning) => {
  describeObjectStore(`S3, versioning ${versioning}`, async () => {
    made += 1
    const name = `contract-${made}`
    const bucket = server.makeBucket(name, { versioning })
    return {
      store: makeS3Store({ endpoint: server.endpoint, region: 'us-east-1' }),
      root: `s3://${name}/`,
      async put(key, bytes) {
        bucket.put(key, { bytes: Buffer.from(bytes) })
      },
      async delete(key) {
        bucket.remove(key)
      },
      get: (key) => Promise.resolve(bucket.current(key)?.bytes),
      names: () =>
        Promise.resolve([
          ...bucket.keys().filter((key) => bucket.current(key)),
          ...[...bucket.uploads.values()].map(({ id }) => `upload ${id}`),
        ]),
      async [Symbol.asyncDispose]() {},
    }
  })
})
