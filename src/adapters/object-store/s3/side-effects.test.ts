import { afterAll, expect, test } from 'vitest'
import { S3Server } from '../../../../test/s3-server/s3-server.ts'
import { makeS3Store } from './s3-store.ts'

const server = await S3Server.start()
process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
afterAll(() => server[Symbol.asyncDispose]())

let made = 0
async function sideEffects(configurations: Readonly<Record<string, string>>, target: string) {
  made += 1
  const bucket = server.makeBucket(`effects-${made}`)
  for (const [name, xml] of Object.entries(configurations)) bucket.configurations.set(name, xml)
  const store = makeS3Store({ endpoint: server.endpoint })
  const found = await store.sideEffects!([`s3://effects-${made}/${target}`])
  return found.map(({ code, state }) => `${code}: ${state}`)
}

const queue = (event: string, prefix: string): string =>
  `<NotificationConfiguration><QueueConfiguration><Id>1</Id><Queue>arn:aws:sqs:x:1:q</Queue><Event>${event}</Event>
   <Filter><S3Key><FilterRule><Name>prefix</Name><Value>${prefix}</Value></FilterRule></S3Key></Filter>
   </QueueConfiguration></NotificationConfiguration>`
const lifecycle = (rule: string): string =>
  `<LifecycleConfiguration><Rule><ID>1</ID><Filter><Prefix>orders/</Prefix></Filter>${rule}</Rule></LifecycleConfiguration>`
const expiry = '<Expiration><Days>30</Days></Expiration>'

test('none are told of a bucket that has none', async () => {
  expect(await sideEffects({}, '')).toEqual([])
})

test('notifications of objects that are created, where their prefix meets the target', async () => {
  const notification = queue('s3:ObjectCreated:*', 'orders/')
  expect(await sideEffects({ notification }, 'orders/date=1/')).toEqual(['notifications: yes'])
  expect(await sideEffects({ notification }, '')).toEqual(['notifications: yes'])
  expect(await sideEffects({ notification }, 'or*/')).toEqual(['notifications: yes'])
  expect(await sideEffects({ notification }, 'clicks/')).toEqual([])
  expect(await sideEffects({ notification: queue('s3:ObjectRemoved:*', '') }, '')).toEqual([])
})

test('lifecycle rules that are on and count days', async () => {
  const on = lifecycle(`<Status>Enabled</Status>${expiry}`)
  expect(await sideEffects({ lifecycle: on }, 'orders/a.parquet')).toEqual(['lifecycle: yes'])
  expect(await sideEffects({ lifecycle: lifecycle(`<Status>Disabled</Status>${expiry}`) }, 'orders/')).toEqual([])
  const aborts =
    '<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload>'
  expect(await sideEffects({ lifecycle: lifecycle(`<Status>Enabled</Status>${aborts}`) }, 'orders/')).toEqual([])
})

test('replication', async () => {
  const replication = `<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Prefix></Prefix>
    <Destination><Bucket>arn:aws:s3:::other</Bucket></Destination></Rule></ReplicationConfiguration>`
  expect(await sideEffects({ replication }, 'orders/')).toEqual(['replication: yes'])
})

test('what may not be asked is unknown', async () => {
  const denied = { notification: 'denied', lifecycle: 'denied', replication: 'denied' }
  expect(await sideEffects(denied, '')).toEqual([
    'notifications: unknown',
    'lifecycle: unknown',
    'replication: unknown',
  ])
})
