import { openLake, type StoreAccess } from '../compose.ts'
import type { Capability, CapabilityName, CapabilityState } from '../domain/capability.ts'

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

/** `lethe stores check`: yields the exit status. */
export async function runStoresCheck({
  target,
  access,
  json,
}: {
  readonly target: string
  readonly access: StoreAccess
  readonly json: boolean
}): Promise<number> {
  const { store } = await openLake([target], access)
  const capabilities = await store.probe(target)
  if (json) process.stdout.write(`${JSON.stringify({ capabilities }, undefined, 2)}\n`)
  else process.stdout.write(capabilities.map((capability) => `${line(capability)}\n`).join(''))
  return 0
}

function line({ name, state, detail }: Capability): string {
  const said = detail === undefined ? '' : ` (${detail})`
  return `${name.padEnd(26)} ${states[state].padEnd(8)} ${words[name]}${said}`
}
