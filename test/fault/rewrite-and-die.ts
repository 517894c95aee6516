// A process of its own for the crash tests: `node rewrite-and-die.ts ACTION PATH CALL` acts on a file and, just before
// the CALL-th call to the file system, kills itself as `kill -9` does. Ends well when there are fewer calls.
import { makeFileStore } from '../../src/adapters/object-store/file/file-store.ts'
import { makeEdit } from '../../src/formats/edit.ts'
import { bytesSource } from '../../src/formats/range-source.ts'
import { interceptedFileSystem } from './intercepted-file-system.ts'

const [action, path, fatalCall] = process.argv.slice(2)
let calls = 0
const fileSystem = interceptedFileSystem(() => {
  calls += 1
  if (calls === Number(fatalCall)) process.kill(process.pid, 'SIGKILL')
})
const store = makeFileStore({ fileSystem, chunkBytes: 64 * 1024 })

/** Every second run of 1,000 bytes. */
function* pieces(size: number) {
  for (let start = 0; start < size; start += 2000) {
    yield { from: 'source' as const, start, end: Math.min(size, start + 1000) }
  }
}

const actions: Record<string, (key: string) => Promise<unknown>> = {
  async replace(key) {
    await using source = await store.open(key)
    const spool = bytesSource(new Uint8Array(0))
    const edit = makeEdit(pieces(source.size), { spool, rowsBefore: 0, rowsErased: 0 })
    await store.write(key, { source, edit, condition: { unchanged: source.version } })
  },
  async create(key) {
    const spool = bytesSource(new Uint8Array(200_000).fill(7))
    const edit = makeEdit([{ from: 'spool', start: 0, end: 200_000 }], { spool, rowsBefore: 0, rowsErased: 0 })
    await store.write(key, { source: spool, edit, condition: { absent: true } })
  },
  async remove(key) {
    await using source = await store.open(key)
    await store.remove(key, { unchanged: source.version })
  },
}

await actions[action!]!(path!)
