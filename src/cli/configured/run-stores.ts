import { openLake, openNamedStore, type StoreAccess } from '../../compose.ts'
import type { StoreConfiguration } from '../../config.ts'
import type { Capability, CapabilityName, CapabilityState } from '../../domain/capability.ts'
import { LetheError } from '../../domain/error.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import { printable } from '../printable.ts'
import { tableLines } from '../table.ts'
import type { ConfiguredOptions } from './configured-options.ts'
import { readConfiguration } from './with-workspace.ts'

/** What each capability is for, and what Lethe does without it. */
const words: Readonly<Record<CapabilityName, string>> = {
  'conditional-put': 'a write is refused when the object has changed; else another writer may be overwritten',
  'conditional-complete': 'the same for a large object, written in parts',
  'conditional-copy': 'a part is copied only from the version that was searched; else that is checked by its id alone',
  'conditional-delete': 'an object is removed only if unchanged; else it is looked at right before',
  versions: 'old versions are kept, which Lethe deletes by their ids once the new one is clean',
  tags: 'tags are kept',
  'access-control-lists': 'access control lists are kept',
  'object-lock': 'versions may be locked, and are then refused',
  checksums: 'a body that was damaged on the way is refused',
  'checksums-of-copied-parts':
    'an object written in parts keeps its checksum algorithm; else it gets one that the server chooses',
}

const states: Readonly<Record<CapabilityState, string>> = {
  yes: 'yes',
  no: 'no',
  ignored: 'IGNORED',
  wrong: 'WRONG',
  unknown: 'unknown',
}

/** `lethe stores list`: yields the exit status. */
export function runStoresList({ json = false, ...options }: ConfiguredOptions): number {
  const { stores } = readConfiguration(options)
  const listed = Object.entries(stores).map(([name, store]) => ({ name, ...store }))
  if (json) process.stdout.write(`${JSON.stringify({ stores: listed }, undefined, 2)}\n`)
  else {
    const rows = listed.map(({ name, ...store }) => [name, printable(placeOf(store)), printable(accessWords(store))])
    process.stdout.write(`${tableLines(['name', 'place', 'access'], rows).join('\n')}\n`)
  }
  return 0
}

function placeOf(store: StoreConfiguration): string {
  return 'folder' in store ? store.folder : `s3://${store.bucket}/${store.prefix}`
}

function accessWords(store: StoreConfiguration): string {
  if ('folder' in store) return ''
  const { endpoint, region, profile, role } = store
  const given = Object.entries({ endpoint, region, profile, role: role?.arn })
  return given.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`])).join(', ')
}

/** `lethe stores check`: yields the exit status. */
export async function runStoresCheck({
  place,
  access,
  config,
  json,
}: {
  /** The name of a store of the configuration, or a target. */
  readonly place: string
  readonly access: StoreAccess
  readonly config?: string
  readonly json: boolean
}): Promise<number> {
  const { store, target } = await openPlace(place, access, config)
  const capabilities = await store.probe(target)
  if (json) process.stdout.write(`${JSON.stringify({ capabilities }, undefined, 2)}\n`)
  else process.stdout.write(capabilities.map((capability) => `${line(capability)}\n`).join(''))
  return 0
}

async function openPlace(
  place: string,
  access: StoreAccess,
  config: string | undefined,
): Promise<{ readonly store: ObjectStore; readonly target: string }> {
  if (/[/.:]/.test(place)) return { store: (await openLake([place], access)).store, target: place }
  const { stores } = readConfiguration(config === undefined ? {} : { config })
  const configured = Object.hasOwn(stores, place) ? stores[place] : undefined
  if (configured === undefined) {
    throw new LetheError('not-found', 'the configuration has no store of that name; see lethe stores list')
  }
  const { store, root } = await openNamedStore(configured)
  return { store, target: root }
}

function line({ name, state, detail }: Capability): string {
  const said = detail === undefined ? '' : ` (${detail})`
  return `${name.padEnd(26)} ${states[state].padEnd(8)} ${words[name]}${said}`
}
