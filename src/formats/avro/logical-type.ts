/**
 * What a logical type makes of the type below it (Avro 1.12, "Logical Types").
 *
 * `unsupported`: no text is certain to equal a value, so such a column cannot be a key. That is `duration`, a logical
 * type that its base or its attributes contradict, and bytes with one that we do not know; an unknown one on any other
 * base leaves the base as it is, as the format asks.
 */
export type LogicalType =
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly unitNanos: bigint }
  | { readonly kind: 'timestamp'; readonly unitNanos: bigint; readonly isAdjustedToUtc: boolean }
  | { readonly kind: 'unsupported'; readonly name: string }

type Attributes = Readonly<Record<string, unknown>>

/** @param base the kind of the type that bears it: a primitive's, or `fixed`. */
export function logicalTypeOf(base: string, attributes: Attributes): LogicalType | undefined {
  const name = attributes['logicalType']
  if (typeof name !== 'string') return undefined
  const rule = rules.get(name)
  if (rule !== undefined) return rule(base, attributes) ?? { kind: 'unsupported', name }
  return base === 'bytes' || base === 'fixed' ? { kind: 'unsupported', name } : undefined
}

type Rule = (base: string, attributes: Attributes) => LogicalType | undefined

const onBase =
  (expected: string, logical: LogicalType): Rule =>
  (base) =>
    base === expected ? logical : undefined

const timestamp = (unitNanos: bigint, isAdjustedToUtc: boolean): Rule =>
  onBase('long', { kind: 'timestamp', unitNanos, isAdjustedToUtc })

const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries<Rule>({
    decimal: decimalOf,
    uuid: (base, { size }) => (base === 'string' || (base === 'fixed' && size === 16) ? { kind: 'uuid' } : undefined),
    date: onBase('int', { kind: 'date' }),
    'time-millis': onBase('int', { kind: 'time', unitNanos: 1_000_000n }),
    'time-micros': onBase('long', { kind: 'time', unitNanos: 1000n }),
    'timestamp-millis': timestamp(1_000_000n, true),
    'timestamp-micros': timestamp(1000n, true),
    'timestamp-nanos': timestamp(1n, true),
    'local-timestamp-millis': timestamp(1_000_000n, false),
    'local-timestamp-micros': timestamp(1000n, false),
    'local-timestamp-nanos': timestamp(1n, false),
    duration: () => undefined,
  }),
)

function decimalOf(base: string, { precision, scale = 0 }: Attributes): LogicalType | undefined {
  if (base !== 'bytes' && base !== 'fixed') return undefined
  if (!isCount(precision) || !isCount(scale) || precision === 0 || scale > precision) return undefined
  return { kind: 'decimal', scale }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
