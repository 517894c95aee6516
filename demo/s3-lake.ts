import { createReadStream, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'

/** A lake in a bucket of its own, on the server that LETHE_S3_ENDPOINT names. */
export interface S3Lake {
  /** What `lethe` is told instead of a folder. */
  readonly args: readonly string[]
  /** Puts what is in the bucket now in the place of the folder. */
  download(): Promise<void>
  remove(): Promise<void>
}

/** Puts a folder in a bucket; undefined where no server is named. */
export async function uploadLake(folder: string, { name }: { readonly name: string }): Promise<S3Lake | undefined> {
  const endpoint = process.env['LETHE_S3_ENDPOINT']
  if (endpoint === undefined) return undefined
  process.env['AWS_ACCESS_KEY_ID'] = process.env['LETHE_S3_ACCESS_KEY']
  process.env['AWS_SECRET_ACCESS_KEY'] = process.env['LETHE_S3_SECRET_KEY']
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  const Bucket = `lethe-demo-${process.pid}-${name}`
  await client.send(new CreateBucketCommand({ Bucket }))
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  for (const file of files) {
    const path = join(file.parentPath, file.name)
    const body = { Body: createReadStream(path), ContentLength: statSync(path).size }
    await client.send(new PutObjectCommand({ Bucket, Key: relative(folder, path), ...body }))
  }
  const keys = async (): Promise<string[]> => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    return Contents.map(({ Key }) => Key!)
  }
  return {
    args: [`s3://${Bucket}/`, '--endpoint', endpoint],
    async download() {
      rmSync(folder, { recursive: true })
      for (const Key of await keys()) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        mkdirSync(dirname(join(folder, Key)), { recursive: true })
        writeFileSync(join(folder, Key), await Body!.transformToByteArray())
      }
    },
    async remove() {
      for (const Key of await keys()) await client.send(new DeleteObjectCommand({ Bucket, Key }))
      await client.send(new DeleteBucketCommand({ Bucket }))
      client.destroy()
    },
  }
}
