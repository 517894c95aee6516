import { z } from 'zod'
import { type DataMapper, formatNames, isFolder } from '../domain/data-mapper.ts'

/** A name of ours: it stands in tables, URLs and file names without quotes. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    'takes letters, digits, _ . and -, at most 64, and begins with one of the first two',
  )

const columnSchema = z.string().min(1, 'is empty').max(1024)
const columnsSchema = z.array(columnSchema).refine((names) => new Set(names).size === names.length, 'names one twice')
const sentenceSchema = z.string().min(1, 'is empty').max(2000)

export const roleSchema = z.strictObject({
  arn: z
    .string()
    .regex(/^arn:[a-z-]+:iam::[0-9]*:role\/.+$/, 'takes the ARN of a role: arn:aws:iam::123456789012:role/name'),
  externalId: z.string().min(1).exactOptional(),
})

const markSchema = z.string().regex(/^[^\n\r\u0080-\uffff]$/, 'takes one ASCII character')

const csvDialectSchema = z.strictObject({
  delimiter: markSchema.exactOptional(),
  quote: z.union([markSchema, z.literal('none')], 'takes one ASCII character, or none').exactOptional(),
  escape: z.enum(['doubled', 'backslash']).exactOptional(),
  header: z.enum(['present', 'absent']).exactOptional(),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'latin1']).exactOptional(),
  moreEndings: z.array(z.string().regex(/^\.[^/A-Z]+$/, 'takes endings such as .txt, in lower case')).exactOptional(),
})

const locationSchema = z
  .string()
  .max(1024)
  .refine((path) => !path.startsWith('/') && !/^[a-z][a-z0-9+.-]*:\/\//i.test(path), 'is a path within the store')
  .refine((path) => !path.split('/').some((part) => part === '..' || part === '.'), 'has a part . or ..')

const plainMapperSchema = z.strictObject({
  name: nameSchema,
  store: nameSchema,
  location: locationSchema.default(''),
  format: z.enum(formatNames).exactOptional(),
  csv: csvDialectSchema.exactOptional(),
  keys: columnsSchema.min(1, 'names no column'),
  columns: columnsSchema.default([]),
  partitionKeys: columnsSchema.default([]),
  objectMatch: locationSchema.exactOptional(),
  objectTags: columnsSchema.min(1, 'names no tag').exactOptional(),
  sidecar: z
    .string()
    .regex(/^[^/{}]*\{name\}[^/{}]*$/, 'takes a name with {name} in it once')
    .exactOptional(),
  action: z.literal('erase').default('erase'),
  oldVersions: z
    .union(
      [z.enum(['delete', 'keep']), z.strictObject({ deleteAfterDays: z.int().min(1).max(3650) })],
      'takes delete, keep, or deleteAfterDays with a number of days',
    )
    .default('delete'),
  empty: z.enum(['keep', 'remove']).default('keep'),
  malformed: z.enum(['refuse', 'keep']).default('refuse'),
  ignoreNotFound: z.boolean().default(false),
  allowNoObjects: z.boolean().default(false),
  role: roleSchema.exactOptional(),
  note: sentenceSchema.exactOptional(),
  legalHold: sentenceSchema.exactOptional(),
}) satisfies z.ZodType<DataMapper>

/** A data mapper as people write it; what is left out gets its default. */
export const dataMapperSchema = plainMapperSchema.refine(
  ({ sidecar, location }) => sidecar === undefined || isFolder(location),
  { path: ['location'], message: 'takes a folder where there is a sidecar, so that both are always found' },
)

/** A file of mappers as code. */
export const mapperFileSchema = z.strictObject({
  mappers: z
    .array(dataMapperSchema)
    .refine((mappers) => new Set(mappers.map(({ name }) => name)).size === mappers.length, 'have one name twice'),
})
