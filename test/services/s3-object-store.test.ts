import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, describe } from 'vitest'
import { makeS3Store } from '../../src/adapters/object-store/s3/s3-store.ts'
import { describeObjectStore } from '../contract/object-store.ts'
import { serviceAddress } from '../service-address.ts'

const endpoint = serviceAddress('LETHE_S3_ENDPOINT')
const accessKeyId = serviceAddress('LETHE_S3_ACCESS_KEY')
const secretAccessKey = serviceAddress('LETHE_S3_SECRET_KEY')
process.env['AWS_ACCESS_KEY_ID'] = accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey
const credentials = { accessKeyId, secretAccessKey }
const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
afterAll(() => client.destroy())

let made = 0

describe.each(['Off', 'Enabled'] as const)('with versioning %s', (versioning) => {
  describeObjectStore(`a real S3 server, versioning ${versioning}`, async () => {
    made += 1
    const Bucket = `contract-${process.pid}-${Date.now().toString(36)}-${made}`
    await client.send(new CreateBucketCommand({ Bucket }))
    if (versioning === 'Enabled') {
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    }
    return {
      store: makeS3Store({ endpoint, region: 'us-east-1' }),
      root: `s3://${Bucket}/`,
      async put(Key, Body) {
        await client.send(new PutObjectCommand({ Bucket, Key, Body }))
      },
      async delete(Key) {
        await client.send(new DeleteObjectCommand({ Bucket, Key }))
      },
      async get(Key) {
        try {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
          return await Body!.transformToByteArray()
        } catch (error) {
          if ((error as Error).name === 'NoSuchKey') return undefined
          throw error
        }
      },
      async names() {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
        return [...Contents.map(({ Key }) => Key!), ...Uploads.map(({ UploadId }) => `upload ${UploadId}`)]
      },
      async [Symbol.asyncDispose]() {},
    }
  })
})
