import { LetheError } from '../domain/error.ts'
import type { DetectableFormat, Inspection } from '../formats/format.ts'
import { detectFormat } from '../formats/registry.ts'
import type { CallOptions, ListedObject, ObjectStore } from '../ports/object-store.ts'
import { asLetheError } from './as-lethe-error.ts'
import { nameOf } from './object-paths.ts'
import { selectObjects } from './select-objects.ts'

export interface Inspected extends Inspection {
  readonly uri: string
  readonly sizeBytes: number
}

/**
 * Tells what one object is: format, structure, counts, names of columns; never a value of a row.
 *
 * @throws LetheError `no-data` where the target names no object, `invalid-argument` where it names several; of outcome
 *   `refused` or `failed` where the object cannot be understood or read.
 */
export async function inspect(
  { store, formats }: { readonly store: ObjectStore; readonly formats: readonly DetectableFormat[] },
  { target, ...options }: CallOptions & { readonly target: string },
): Promise<Inspected> {
  try {
    const object = await onlyObject(store, target, options)
    await using source = await store.open(object.key, options)
    const format = await detectFormat(formats, { name: nameOf(object), source, ...options })
    return { uri: object.uri, sizeBytes: source.size, ...(await format.inspect(source, options)) }
  } catch (error) {
    throw asLetheError(error, options.signal)
  }
}

async function onlyObject(store: ObjectStore, target: string, options: CallOptions): Promise<ListedObject> {
  let only: ListedObject | undefined
  for await (const item of selectObjects(store, [target], {
    ...options,
    versions: 'current',
    onSkipped: () => undefined,
  })) {
    if (item.kind === 'unlisted') throw item.error
    if (only !== undefined) throw new LetheError('invalid-argument', 'the target names several objects; name one')
    only = item
  }
  // selectObjects has thrown `no-data` already where there is none.
  return only!
}
