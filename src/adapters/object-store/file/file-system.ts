import type * as promises from 'node:fs/promises'

/** What the file store asks of the operating system: a part of `node:fs/promises`, so that a test can fail each call. */
export type FileSystem = Pick<
  typeof promises,
  'link' | 'lstat' | 'open' | 'readdir' | 'realpath' | 'rename' | 'stat' | 'unlink'
>
