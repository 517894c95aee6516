import type { Fact, Inspection } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import { readBlocks, readHeader } from './container.ts'
import { describeColumns } from './describe-schema.ts'

/** Facts of the file and its blocks' headers; no block is decompressed, and no default value of the schema is shown. */
export async function inspect(
  source: RangeSource,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Inspection> {
  const header = await readHeader(source, signal === undefined ? {} : { signal })
  let blocks = 0
  let rows = 0
  let largestBlockBytes = 0
  const { sync, sizeBytes: start } = header
  for await (const block of readBlocks(source, { sync, start, end: source.size, signal })) {
    blocks += 1
    rows += block.rows
    largestBlockBytes = Math.max(largestBlockBytes, block.end - block.start)
  }
  const facts: Record<string, Fact> = {
    codec: header.codec.name,
    rows,
    blocks,
    largestBlockBytes,
    headerBytes: header.sizeBytes,
    metadata: header.metadataNames,
    columns: describeColumns(header.schema),
  }
  return { format: 'avro', facts }
}
