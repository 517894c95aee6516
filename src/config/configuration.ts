import { Cron } from 'croner'
import { z } from 'zod'
import { nameSchema, roleSchema } from '../api/data-mapper-schema.ts'

const pathSchema = z.string().min(1, 'is empty')
const personSchema = z.string().min(1, 'is empty').max(200)

/** Of one worker; left out: none. */
const limitsSchema = z.strictObject({
  objects: z.int().min(1).max(256).exactOptional(),
  requestsPerSecond: z.number().min(0.01).max(1e6).exactOptional(),
  bytesPerSecond: z.number().min(1).max(1e12).exactOptional(),
})

const folderStoreSchema = z.strictObject({ folder: pathSchema, limits: limitsSchema.exactOptional() })

const endpointSchema = z
  .string()
  .refine((url) => URL.canParse(url) && /^https?:\/\/[^/?#@]+\/?$/.test(url), 'takes http:// or https:// and a host')

const bucketStoreSchema = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'takes the name of a bucket'),
  /** Ends with `/` where it is a folder; nothing outside of it is ever looked at. */
  prefix: z
    .string()
    .regex(/^(?:[^/].*\/)?$/, 'ends with / and does not begin with it')
    .default(''),
  endpoint: endpointSchema.exactOptional(),
  region: z.string().min(1, 'is empty').exactOptional(),
  profile: z.string().min(1, 'is empty').exactOptional(),
  role: roleSchema.exactOptional(),
  pathStyle: z.boolean().exactOptional(),
  caFile: pathSchema.exactOptional(),
  requesterPays: z.boolean().exactOptional(),
  customerKeyFile: pathSchema.exactOptional(),
  limits: limitsSchema.exactOptional(),
})

const storeSchema = z.union([folderStoreSchema, bucketStoreSchema])
export type StoreConfiguration = z.infer<typeof storeSchema>

const databaseUrlSchema = z
  .string()
  .refine((url) => URL.canParse(url) && /^postgres(?:ql)?:\/\//.test(url), 'takes postgres:// and what follows')

const deadlineSchema = z.union(
  [z.enum(['gdpr', 'ccpa']), z.strictObject({ days: z.int().min(1).max(3650) })],
  'takes gdpr, ccpa, or days with a number',
)

const approvalSchema = z.strictObject({
  /** Whether a person has to say yes to a job's plan. */
  required: z.boolean().default(true),
  /** Who may; left out: anyone, but for `requesterMayApprove`. */
  approvers: z.array(personSchema).exactOptional(),
  requesterMayApprove: z.boolean().default(false),
  expiresAfterDays: z.int().min(1).max(365).default(14),
  /** How much more than was found, in objects and rows of a mapper, a yes covers: lakes live on meanwhile. */
  tolerancePercent: z.number().min(0).max(1000).default(10),
})

const jobsSchema = z.strictObject({
  /** Objects that a worker has in hand at once. */
  concurrency: z.int().min(1).max(256).default(4),
  /** After so many days tasks, findings and events of an ended job are removed; receipts stay. */
  keepDetailsDays: z.int().min(1).max(36500).default(365),
})

const amountSchema = z.number().min(0).max(1e6)

/** Of buckets. The defaults are the list prices of S3 Standard in us-east-1, to a reader in the same region. */
const pricesSchema = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'takes three letters, such as EUR')
    .default('USD'),
  readsPer1000: amountSchema.default(0.0004),
  writesPer1000: amountSchema.default(0.005),
  gigabyteRead: amountSchema.default(0),
  gigabyteWritten: amountSchema.default(0),
})

const scheduleSchema = z.strictObject({
  cron: z.string().refine(isCron, 'takes five fields of cron: minute, hour, day of month, month, day of week'),
  timeZone: z.string().refine(isTimeZone, 'takes an IANA time zone, such as Europe/Berlin').default('UTC'),
  dryRun: z.boolean().default(false),
})

function isCron(text: string): boolean {
  try {
    return new Cron(text, { paused: true, mode: '5-part' }).nextRun() !== null
  } catch {
    return false
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** `lethe.yaml`. Unknown keys are refused: a misspelt one must not look like its default. */
export const configurationSchema = z.strictObject({
  state: z
    .union([z.strictObject({ folder: pathSchema }), z.strictObject({ url: databaseUrlSchema })], 'takes folder or url')
    .default({ folder: '.lethe/state' }),
  keys: z
    .strictObject({
      folder: pathSchema.default('.lethe/keys'),
      masterKeyFile: pathSchema.default('.lethe/master.key'),
    })
    .prefault({}),
  stores: z.record(nameSchema, storeSchema).default({}),
  queue: z.strictObject({ deadline: deadlineSchema.default('gdpr') }).prefault({}),
  approval: approvalSchema.prefault({}),
  jobs: jobsSchema.prefault({}),
  prices: pricesSchema.prefault({}),
  schedules: z.record(nameSchema, scheduleSchema).default({}),
})

/** The configuration with its defaults filled in and its paths absolute. */
export interface Configuration extends z.infer<typeof configurationSchema> {
  /** The file that it was read from. */
  readonly file: string
}
