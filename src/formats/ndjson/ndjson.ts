import type { RowFormat } from '../row-format.ts'
import { detect } from './detect.ts'
import { inspect } from './inspect.ts'
import { scan } from './scan.ts'
import { verifyErased } from './verify.ts'

/**
 * JSON objects, one on each line. Kept lines are kept as bytes: never parsed and printed again. A row is a physical
 * line; blank lines, scalars and arrays of scalars are rows that match nothing.
 */
export const ndjson: RowFormat = { name: 'ndjson', detect, scan, verifyErased, inspect }
