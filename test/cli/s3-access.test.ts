import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testCertificate } from '../s3-server/certificate.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { lines, people, runLethe } from './run-lethe.ts'

const others = lines({ user: 'other' })

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-access-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Lake extends AsyncDisposable {
  readonly server: S3Server
  /** Erases with nothing of this machine's own configuration. */
  erase(args: readonly string[], env: Readonly<Record<string, string>>): ReturnType<typeof runLethe>
  readonly text: () => string | undefined
}

async function startLake(options: Parameters<typeof S3Server.start>[0] = {}): Promise<Lake> {
  const server = await S3Server.start(options)
  const bytes = Buffer.from(lines({ user: people.ada }) + others)
  const bucket = server.makeBucket('lake')
  bucket.put('a.ndjson', { bytes })
  const none = {
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const unset = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
  return {
    server,
    erase: (args, env) =>
      runLethe(['erase', 's3://lake/', '--match', `user=${people.ada}`, '--yes', '--json', ...args], {
        env: { ...none, ...unset, ...env },
      }),
    text: () => bucket.current('a.ndjson')?.bytes.toString(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const keysOf = ({ credentials }: S3Server) => ({
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
})

/** The regions that requests were signed for. */
const regionsOf = ({ requests }: S3Server): string[] => [
  ...new Set(requests.map(({ headers }) => headers['authorization']!.split('/')[2]!)),
]

describe('S3 is reached', () => {
  test('by AWS_ENDPOINT_URL_S3, AWS_REGION and keys of the environment', async () => {
    await using lake = await startLake()
    const run = await lake.erase([], {
      ...keysOf(lake.server),
      AWS_ENDPOINT_URL_S3: lake.server.endpoint,
      AWS_REGION: 'eu-west-3',
    })
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(lake.text()).toBe(others)
    expect(regionsOf(lake.server)).toEqual(['eu-west-3'])
  })

  test.each([
    ['AWS_PROFILE', [], { AWS_PROFILE: 'lake' }],
    ['--profile', ['--profile', 'lake'], {}],
  ] as const)('by a profile of the shared files: %s', async (_, args, env) => {
    await using lake = await startLake()
    const { accessKeyId, secretAccessKey } = lake.server.credentials
    const [config, credentials] = [join(folder, 'config'), join(folder, 'credentials')]
    writeFileSync(config, '[default]\nregion = us-west-1\n\n[profile lake]\nregion = ap-south-1\n')
    writeFileSync(
      credentials,
      `[lake]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    )
    const run = await lake.erase(['--endpoint', lake.server.endpoint, ...args], {
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      ...env,
    })
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(lake.text()).toBe(others)
    expect(regionsOf(lake.server)).toEqual(['ap-south-1'])
  })

  test('by --region before anything else', async () => {
    await using lake = await startLake()
    const run = await lake.erase(['--endpoint', lake.server.endpoint, '--region', 'sa-east-1'], {
      ...keysOf(lake.server),
      AWS_REGION: 'eu-west-3',
    })
    expect(run.status).toBe(0)
    expect(regionsOf(lake.server)).toEqual(['sa-east-1'])
  })

  test('over TLS where its certificate is trusted, by --ca-file or AWS_CA_BUNDLE, and not else', async () => {
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, testCertificate.cert)
    await using untrusted = await startLake({ tls: testCertificate })
    const endpoint = ['--endpoint', untrusted.server.endpoint]
    const run = await untrusted.erase(endpoint, keysOf(untrusted.server))
    expect(run.status).not.toBe(0)
    expect(untrusted.server.requests).toEqual([])
    expect(await untrusted.erase([...endpoint, '--ca-file', ca], keysOf(untrusted.server))).toMatchObject({ status: 0 })
    expect(untrusted.text()).toBe(others)
    await using other = await startLake({ tls: testCertificate })
    const byEnvironment = await other.erase(['--endpoint', other.server.endpoint], {
      ...keysOf(other.server),
      AWS_CA_BUNDLE: ca,
    })
    expect(byEnvironment.status).toBe(0)
    expect(other.text()).toBe(others)
  }, 60_000)

  test('with a role that is assumed by its external id', async () => {
    await using lake = await startLake()
    const { accessKeyId, secretAccessKey } = lake.server.credentials
    const asked: URLSearchParams[] = []
    const sts = createServer((message, response) => {
      const chunks: Buffer[] = []
      message.on('data', (chunk: Buffer) => chunks.push(chunk))
      message.on('end', () => {
        const request = new URLSearchParams(Buffer.concat(chunks).toString())
        asked.push(request)
        response.setHeader('content-type', 'text/xml')
        if (request.get('ExternalId') !== 'for-lethe') {
          response.statusCode = 403
          response.end('<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>')
          return
        }
        response.end(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
          <AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
          <SessionToken>of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
          </Credentials></AssumeRoleResult></AssumeRoleResponse>`)
      })
    })
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve))
    try {
      const env = {
        AWS_ACCESS_KEY_ID: 'own-key',
        AWS_SECRET_ACCESS_KEY: 'own-secret',
        AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
      }
      const role = ['--endpoint', lake.server.endpoint, '--assume-role', 'arn:aws:iam::123456789012:role/eraser']
      expect((await lake.erase([...role, '--external-id', 'another'], env)).status).not.toBe(0)
      expect(lake.server.requests).toEqual([])
      expect(await lake.erase([...role, '--external-id', 'for-lethe'], env)).toMatchObject({ status: 0 })
    } finally {
      sts.close()
    }
    expect(asked.at(-1)!.get('RoleArn')).toBe('arn:aws:iam::123456789012:role/eraser')
    expect(lake.text()).toBe(others)
    expect(new Set(lake.server.requests.map(({ headers }) => headers['x-amz-security-token']))).toEqual(
      new Set(['of-the-role']),
    )
  }, 60_000)

  test('with the word that the requester pays, where asked to, in every request about an object', async () => {
    await using lake = await startLake()
    const args = ['--endpoint', lake.server.endpoint, '--requester-pays']
    expect(await lake.erase(args, keysOf(lake.server))).toMatchObject({ status: 0 })
    const ofObjects = lake.server.requests.filter(({ key }) => key !== undefined)
    expect(ofObjects.length).toBeGreaterThan(5)
    expect(new Set(ofObjects.map(({ headers }) => headers['x-amz-request-payer']))).toEqual(new Set(['requester']))
    const listings = lake.server.requests.filter(({ operation }) => operation === 'GET?list-type')
    expect(new Set(listings.map(({ headers }) => headers['x-amz-request-payer']))).toEqual(new Set(['requester']))
  })
})
