import type { Command } from 'commander'
import type { StoreAccess } from '../compose.ts'
import { LetheError } from '../domain/error.ts'

/** Options that say how `s3://` targets are reached; what is left out comes from the AWS SDK's own conventions. */
export interface AccessOptions {
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  readonly assumeRole?: string
  readonly externalId?: string
  readonly pathStyle?: boolean
  readonly caFile?: string
  readonly requesterPays?: boolean
  readonly customerKeyFile?: string
}

export function addAccessOptions(command: Command): Command {
  return command
    .option('--endpoint <URL>', 'for s3:// targets, a server that speaks S3', parseEndpoint)
    .option('--region <REGION>', 'for s3:// targets, the region')
    .option('--profile <NAME>', 'for s3:// targets, a profile of the AWS configuration')
    .option('--assume-role <ARN>', 'for s3:// targets, a role to assume')
    .option('--external-id <ID>', 'the external id that the role asks for')
    .option('--path-style', 'bucket names in the path; by itself for an IP address or localhost')
    .option('--ca-file <PEM>', 'certificates to trust')
    .option('--requester-pays', 'pay for requests to a bucket of others')
    .option('--customer-key-file <FILE>', 'SSE-C: a file with the key, 32 bytes in base64')
}

/** @throws LetheError `invalid-argument` for an external id without a role */
export function accessOf(options: AccessOptions): StoreAccess {
  const { endpoint, region, profile, assumeRole, externalId, pathStyle, caFile, requesterPays, customerKeyFile } =
    options
  if (externalId !== undefined && assumeRole === undefined) {
    throw new LetheError('invalid-argument', '--external-id goes with --assume-role')
  }
  const role =
    assumeRole === undefined ? undefined : { arn: assumeRole, ...(externalId === undefined ? {} : { externalId }) }
  const given = { endpoint, region, profile, assumeRole: role, pathStyle, caFile, requesterPays, customerKeyFile }
  return { s3: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}

function parseEndpoint(value: string): string {
  if (/^https?:\/\/[^/?#]+\/?$/.test(value) && URL.canParse(value)) return value
  throw new LetheError('invalid-argument', '--endpoint takes a URL: http:// or https://, a host, and nothing behind it')
}
