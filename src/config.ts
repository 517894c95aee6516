import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Configuration, configurationSchema, type StoreConfiguration } from './config/configuration.ts'
import { readYaml } from './config/read-yaml.ts'
import { LetheError } from './domain/error.ts'
import { systemCodeOf } from './domain/system-error.ts'

export type { Configuration, StoreConfiguration } from './config/configuration.ts'

export interface ConfigurationSource {
  /** The file of `--config`; else that of LETHE_CONFIG, else `lethe.yaml` in this folder or the nearest above it. */
  readonly file?: string | undefined
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const fileName = 'lethe.yaml'

/**
 * Reads the configuration: the file, and what the environment says instead of it (DATABASE_URL, LETHE_MASTER_KEY_FILE).
 * Paths of the file are from the file's folder, those of the environment from the working directory.
 *
 * @throws LetheError `invalid-config` with the lines that are wrong, or where there is no file
 */
export function loadConfiguration({ file: given, folder, environment }: ConfigurationSource): Configuration {
  const named = given ?? set(environment['LETHE_CONFIG'])
  const found = named === undefined ? findUpwards(folder) : readNamed(resolve(folder, named))
  const read = readYaml(found.text, { schema: configurationSchema, file: fileName })
  const base = dirname(found.file)
  const url = set(environment['DATABASE_URL'])
  const masterKeyFile = set(environment['LETHE_MASTER_KEY_FILE'])
  return {
    ...read,
    file: found.file,
    state: url === undefined ? withFolder(read.state, base) : { url: requireDatabaseUrl(url) },
    keys: {
      folder: resolve(base, read.keys.folder),
      masterKeyFile:
        masterKeyFile === undefined ? resolve(base, read.keys.masterKeyFile) : resolve(folder, masterKeyFile),
    },
    stores: Object.fromEntries(Object.entries(read.stores).map(([name, store]) => [name, withPaths(store, base)])),
  }
}

/** The configuration as it may be shown: without the password of a database. */
export function redacted(configuration: Configuration): Configuration {
  const { state } = configuration
  return 'url' in state ? { ...configuration, state: { url: redactedUrl(state.url) } } : configuration
}

const mask = '****'

/** A password may stand before the host as well as among the parameters. */
function redactedUrl(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = mask
  for (const name of [...url.searchParams.keys()]) {
    if (/pass/i.test(name)) url.searchParams.set(name, mask)
  }
  return url.href
}

/** An empty variable is one that is not set. */
function set(variable: string | undefined): string | undefined {
  return variable === '' ? undefined : variable
}

function requireDatabaseUrl(url: string): string {
  if (URL.canParse(url) && /^postgres(?:ql)?:\/\//.test(url)) return url
  throw new LetheError('invalid-config', 'DATABASE_URL takes postgres:// and what follows')
}

interface FoundFile {
  readonly file: string
  readonly text: string
}

function findUpwards(start: string): FoundFile {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const file = join(folder, fileName)
    try {
      return { file, text: readFileSync(file, 'utf8') }
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw unreadable(error)
    }
    if (dirname(folder) === folder) break
  }
  throw new LetheError(
    'invalid-config',
    `there is no ${fileName} here or in a folder above; make one, or name it with --config`,
  )
}

function readNamed(file: string): FoundFile {
  try {
    return { file, text: readFileSync(file, 'utf8') }
  } catch (error) {
    throw unreadable(error)
  }
}

function unreadable(error: unknown): LetheError {
  const answer = systemCodeOf(error) ?? 'an error'
  return new LetheError('invalid-config', `the configuration file cannot be read; the system answered ${answer}`, {
    cause: error,
  })
}

function withFolder(state: Configuration['state'], base: string): Configuration['state'] {
  return 'folder' in state ? { folder: resolve(base, state.folder) } : state
}

function withPaths(store: StoreConfiguration, base: string): StoreConfiguration {
  if ('folder' in store) return { ...store, folder: resolve(base, store.folder) }
  const { caFile, customerKeyFile } = store
  return {
    ...store,
    ...(caFile === undefined ? {} : { caFile: resolve(base, caFile) }),
    ...(customerKeyFile === undefined ? {} : { customerKeyFile: resolve(base, customerKeyFile) }),
  }
}
