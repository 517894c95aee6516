import { describe, expect, test } from 'vitest'
import { interceptedFileSystem } from '../../../../test/fault/intercepted-file-system.ts'
import { makeTemporaryFolder } from '../../../../test/temporary-folder.ts'
import type { ErrorCode } from '../../../domain/error.ts'
import { makeEdit } from '../../../formats/edit.ts'
import { bytesSource } from '../../../formats/range-source.ts'
import { makeFileStore } from './file-store.ts'

const content = 'one\ntwo\nthree\n'
const codes: readonly (readonly [string, ErrorCode])[] = [
  ['ENOSPC', 'no-space'],
  ['EDQUOT', 'no-space'],
  ['EACCES', 'permission-denied'],
  ['EROFS', 'permission-denied'],
  ['EIO', 'io'],
  ['EMFILE', 'io'],
]

/** Replaces a file while the `fault`-th call to the file system fails. */
async function replaceWithFault(fault: number, systemCode: string) {
  await using folder = await makeTemporaryFolder()
  await folder.put('rows', content)
  await folder.put('.rows.crc', 'sum')
  const calls: string[] = []
  const fileSystem = interceptedFileSystem((call) => {
    calls.push(call)
    if (calls.length === fault) throw Object.assign(new Error(`of ${folder.root}`), { code: systemCode })
  })
  const store = makeFileStore({ fileSystem })
  const error = await (async () => {
    await using source = await store.open(`${folder.root}rows`)
    const pieces = [
      { from: 'source' as const, start: 0, end: 4 },
      { from: 'source' as const, start: 8, end: 14 },
    ]
    const edit = makeEdit(pieces, { spool: bytesSource(new Uint8Array(0)), rowsBefore: 3, rowsErased: 1 })
    await store.write(`${folder.root}rows`, { source, edit, condition: { unchanged: source.version } })
  })().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const names = (await folder.names()).filter((name) => name !== '.rows.crc')
  return { error, names, content: Buffer.from((await folder.get('rows'))!).toString(), failed: calls[fault - 1] }
}

describe('a call to the file system that fails', () => {
  test.each(codes)(
    'with %s is told as %s, wherever it is, and leaves the old or the new file alone',
    async (systemCode, code) => {
      const states = new Set<string>()
      const failed: string[] = []
      for (let fault = 1; ; fault += 1) {
        const result = await replaceWithFault(fault, systemCode)
        expect(result.names, result.failed).toEqual(['rows'])
        states.add(result.content)
        if (result.failed === undefined) break
        failed.push(result.failed)
        // What is closed was only read, or is synced: nothing is lost.
        if (result.failed === 'handle.close') continue
        expect(result.error, result.failed).toMatchObject({
          name: 'LetheError',
          code,
          message: expect.not.stringContaining('/'),
        })
      }
      expect(states).toEqual(new Set([content, 'one\nthree\n']))
      expect(failed).toEqual(
        expect.arrayContaining(['open', 'handle.read', 'handle.write', 'handle.sync', 'rename', 'unlink']),
      )
    },
  )
})
