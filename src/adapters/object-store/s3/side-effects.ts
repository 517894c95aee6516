import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketReplicationCommand,
} from '@aws-sdk/client-s3'
import type { SideEffect, SideEffectCode } from '../../../domain/side-effect.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error, statusOf } from './s3-error.ts'
import { parseS3Target, s3Uri } from './s3-name.ts'

/** What the buckets of the targets are set to do by themselves when an object below the targets is written. */
export async function findSideEffects(
  clients: S3Clients,
  targets: readonly string[],
  options: CallOptions = {},
): Promise<SideEffect[]> {
  const prefixes = new Map<string, string[]>()
  for (const target of targets) {
    const { bucket, key } = parseS3Target(target)
    prefixes.set(bucket, [...(prefixes.get(bucket) ?? []), literalPrefix(key)])
  }
  const found: SideEffect[] = []
  for (const [bucket, below] of prefixes) {
    for (const [code, rulesOf] of Object.entries(settings) as [SideEffectCode, RulesOf][]) {
      const state = await stateOf(() => rulesOf(clients, bucket, options), below, options)
      if (state !== 'no') found.push({ code, place: s3Uri({ bucket, key: '' }), state })
    }
  }
  return found
}

/** What all keys that a target names begin with: what stands before anything that a glob may be made of. */
function literalPrefix(key: string): string {
  return key.slice(0, key.search(/[*?[\]{}()!+@\\]|$/))
}

async function stateOf(
  ask: () => Promise<readonly string[]>,
  below: readonly string[],
  { signal }: CallOptions,
): Promise<SideEffect['state'] | 'no'> {
  try {
    const rules = await ask()
    const meets = rules.some((rule) => below.some((prefix) => prefix.startsWith(rule) || rule.startsWith(prefix)))
    return meets ? 'yes' : 'no'
  } catch (error) {
    // None is set, or the server knows no such setting.
    if (isS3Error(error, 'NotImplemented') || [404, 405, 501].includes(statusOf(error) ?? 0)) return 'no'
    const known = asS3Error(error, signal)
    if (known.code === 'interrupted') throw known
    return 'unknown'
  }
}

/** The prefixes that the rules of one setting are about; an empty one is about all keys. */
type RulesOf = (clients: S3Clients, bucket: string, options: CallOptions) => Promise<readonly string[]>

const settings: Readonly<Record<SideEffectCode, RulesOf>> = {
  async notifications({ reads, common }, bucket, { signal }) {
    const command = new GetBucketNotificationConfigurationCommand({ Bucket: bucket, ...common })
    const configuration = await reads.send(command, abortable(signal))
    const rules = [
      ...(configuration.TopicConfigurations ?? []),
      ...(configuration.QueueConfigurations ?? []),
      ...(configuration.LambdaFunctionConfigurations ?? []),
    ].filter(({ Events = [] }) => Events.some((event) => event.startsWith('s3:ObjectCreated')))
    const prefixes = rules.map(({ Filter }) => {
      const rule = Filter?.Key?.FilterRules?.find(({ Name }) => Name?.toLowerCase() === 'prefix')
      return rule?.Value ?? ''
    })
    return configuration.EventBridgeConfiguration === undefined ? prefixes : [...prefixes, '']
  },

  async lifecycle({ reads, common }, bucket, { signal }) {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket, ...common })
    const { Rules = [] } = await reads.send(command, abortable(signal))
    return Rules.filter(({ Status }) => Status === 'Enabled')
      .filter(({ Expiration, Transitions }) => Expiration?.Days !== undefined || (Transitions ?? []).length > 0)
      .map(({ Filter, Prefix }) => Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '')
  },

  async replication({ reads, common }, bucket, { signal }) {
    const command = new GetBucketReplicationCommand({ Bucket: bucket, ...common })
    const { ReplicationConfiguration } = await reads.send(command, abortable(signal))
    return (ReplicationConfiguration?.Rules ?? [])
      .filter(({ Status }) => Status === 'Enabled')
      .map(({ Filter, Prefix }) => Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '')
  },
}
