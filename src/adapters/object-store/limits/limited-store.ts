import type { CallOptions, ObjectStore, OpenObject } from '../../../ports/object-store.ts'
import type { Rate } from './rate.ts'

export interface Rates {
  readonly requests?: Rate
  readonly bytes?: Rate
}

/** A listing asks once for so many names. */
const pageNames = 1000

/**
 * A store that keeps to rates. What counts is what is asked through the port: a call, a read, a page of a listing is a
 * request, and an adapter may make several of one (a preflight, a write in parts). Bytes are those that are read, and those
 * that a write sends.
 */
export function limitStore(store: ObjectStore, { requests, bytes }: Rates): ObjectStore {
  const ask = async (options: CallOptions = {}) => await requests?.take(1, signalOf(options))
  async function* paged<Item>(items: AsyncIterable<Item>, options: CallOptions | undefined): AsyncGenerator<Item> {
    let left = 0
    for await (const item of items) {
      if (left === 0) {
        await ask(options)
        left = pageNames
      }
      left -= 1
      yield item
    }
  }
  /** The object itself: its store knows it again when it is the source of an edit. */
  const limitReads = (opened: OpenObject): OpenObject => {
    const read = opened.read.bind(opened)
    opened.read = async (start, end, options) => {
      await ask(options)
      await bytes?.take(end - start, signalOf(options))
      return await read(start, end, options)
    }
    return opened
  }
  return {
    ...store,
    list: (target, options) => paged(store.list(target, options), options),
    listOldVersions: (target, options) => paged(store.listOldVersions(target, options), options),
    oldVersions: (key, options) => paged(store.oldVersions(key, options), options),
    children: (folder, options) => paged(store.children(folder, options), options),
    async open(key, options) {
      await ask(options)
      return limitReads(await store.open(key, options))
    },
    async preflight(key, options) {
      await ask(options)
      return await store.preflight(key, options)
    },
    async write(key, request, options) {
      await ask(options)
      const { size, summary } = request.edit
      // A store in a cloud copies by itself what stays.
      await bytes?.take(store.capabilities.folders ? size : summary.insertedBytes, signalOf(options))
      return await store.write(key, request, options)
    },
    async remove(key, condition, options) {
      await ask(options)
      await store.remove(key, condition, options)
    },
    async deleteVersion(key, versionId, options) {
      await ask(options)
      await store.deleteVersion(key, versionId, options)
    },
    ...(store.tags === undefined
      ? {}
      : {
          async tags(key, options) {
            await ask(options)
            return await store.tags!(key, options)
          },
        }),
  }
}

function signalOf({ signal }: CallOptions = {}): CallOptions {
  return signal === undefined ? {} : { signal }
}
