import { LetheError } from '../../domain/error.ts'

/** What the values of one page may take decoded; some encodings say a billion values in a few bytes. */
const maxDecodedBytes = 256 * 1024 * 1024

/** To be called before that much is allocated for the values of a page. @throws LetheError `limit-exceeded` */
export function limitDecoded(sizeBytes: number): void {
  if (sizeBytes <= maxDecodedBytes) return
  throw new LetheError('limit-exceeded', 'a Parquet page whose values take more than 256 MiB', {
    detail: { sizeBytes },
  })
}
