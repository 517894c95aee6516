import { makeRandom } from './random.ts'

/** A column of a generated table, in DuckDB's SQL. */
export interface Column {
  readonly name: string
  /** For row `i`; `h(salt)` is a hash of row and salt, a BIGINT of 0 or more. */
  readonly sql: string
  readonly leaves: readonly LeafPlan[]
}

/** A leaf as arrow-rs names it, and the encodings that its type has. */
interface LeafPlan {
  readonly path: string
  readonly encodings?: { readonly [choice: string]: 'PLAIN' | DeltaEncoding | 'BYTE_STREAM_SPLIT' }
}

type DeltaEncoding = 'DELTA_BINARY_PACKED' | 'DELTA_LENGTH_BYTE_ARRAY' | 'DELTA_BYTE_ARRAY'

const whole = { PLAIN: 'PLAIN', DELTA: 'DELTA_BINARY_PACKED', BYTE_STREAM_SPLIT: 'BYTE_STREAM_SPLIT' } as const
const real = { PLAIN: 'PLAIN', DELTA: 'PLAIN', BYTE_STREAM_SPLIT: 'BYTE_STREAM_SPLIT' } as const
const text = { PLAIN: 'PLAIN', DELTA: 'DELTA_BYTE_ARRAY', BYTE_STREAM_SPLIT: 'DELTA_LENGTH_BYTE_ARRAY' } as const

const flat = (name: string, sql: string, encodings?: LeafPlan['encodings']): Column => ({
  name,
  sql,
  leaves: [encodings === undefined ? { path: name } : { path: name, encodings }],
})

const nested = (name: string, sql: string, ...leaves: LeafPlan[]): Column => ({ name, sql, leaves })

/** Unique in every row, and long: what is erased with a row can be looked for everywhere. */
const canary = "'canary-' || md5(h('canary')::VARCHAR)"

const key: readonly Column[] = [flat('id', 'i', whole), flat('canary', canary, text)]

const choices: readonly Column[] = [
  flat('flag', "h('flag') % 2 = 0"),
  flat('maybe_flag', "CASE WHEN h('mf0') % 4 > 0 THEN h('mf') % 3 = 0 END"),
  flat('tiny', "((h('tiny') % 200)::INTEGER - 100)::TINYINT", whole),
  flat('unsigned_small', "(h('us') % 65536)::USMALLINT", whole),
  flat('whole', "((h('whole') % 4294967296)::BIGINT - 2147483648)::INTEGER", whole),
  flat('unsigned_whole', "(h('uw') % 4294967296)::UINTEGER", whole),
  flat('big', "CASE WHEN h('b0') % 5 > 0 THEN h('big') - 4611686018427387904 END", whole),
  flat('unsigned_big', "h('ub')::UBIGINT * 2 + 1", whole),
  flat('single', "((h('single') % 100000)::DOUBLE / 7 - 5000)::FLOAT", real),
  flat(
    'odd_double',
    "CASE h('od0') % 9 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN -0.0 WHEN 2 THEN NULL ELSE h('od')::DOUBLE / 1e9 END",
    real,
  ),
  flat('price', "((h('price') % 20000)::DOUBLE / 100 - 100)::DECIMAL(7, 2)", whole),
  flat('long_price', "((h('lp') % 2000000000)::DOUBLE / 1000 - 1000000)::DECIMAL(16, 3)", whole),
  flat('huge_price', "(h('hp')::HUGEINT * 100000000000 - 777)::DECIMAL(38, 4)", real),
  flat('day', "DATE '1990-01-01' + (h('day') % 20000)::INTEGER", whole),
  flat('clock', "TIME '00:00:00' + to_microseconds((h('clock') % 86400000000)::BIGINT)", whole),
  flat('moment', "make_timestamp((h('moment') % 4102444800000000)::BIGINT)", whole),
  flat('instant', "make_timestamp((h('instant') % 4102444800000000)::BIGINT)::TIMESTAMPTZ", whole),
  flat('fine_moment', "make_timestamp_ns((h('fm') % 4102444800000000000)::BIGINT)", whole),
  flat('uuid', "CASE WHEN h('u0') % 7 > 0 THEN md5(h('uuid')::VARCHAR)::UUID END"),
  flat('blob', "CASE WHEN h('bl0') % 3 > 0 THEN unhex(md5(h('blob')::VARCHAR))[1:(h('bl') % 17)::INTEGER] END", text),
  flat('colour', "['amber', 'birch', 'cedar', 'damson', 'ebony'][(h('colour') % 5)::INTEGER + 1]", text),
  flat('maybe_colour', "CASE WHEN h('mc0') % 3 > 0 THEN 'shade ' || (h('mc') % 40) END", text),
  flat('runs', "'run ' || (i // 37)", text),
  flat('always_null', 'NULL::VARCHAR', text),
  flat('empty', "CASE WHEN h('e') % 2 = 0 THEN '' ELSE 'x' END", text),
  flat('prefixed', "repeat('common prefix ', 6) || md5(h('prefixed')::VARCHAR)", text),
  flat('long_text', "repeat(md5(h('lt')::VARCHAR), (h('lt0') % 6)::INTEGER)", text),
  nested(
    'person',
    "CASE WHEN h('p0') % 6 > 0 THEN {'name': 'name ' || md5(h('p1')::VARCHAR), 'born': CASE WHEN h('p2') % 3 > 0 THEN (1900 + h('p3') % 120)::INTEGER END} END",
    { path: 'person.name', encodings: text },
    { path: 'person.born', encodings: whole },
  ),
  nested(
    'tags',
    "CASE WHEN h('t0') % 5 > 0 THEN list_transform(range((h('t1') % 4)::BIGINT), lambda x: CASE WHEN (h('t2') >> (3 * x)::INTEGER) % 4 > 0 THEN 'tag ' || ((h('t3') >> (4 * x)::INTEGER) % 50) END) END",
    { path: 'tags.list.element', encodings: text },
  ),
  nested(
    'lists',
    "list_transform(range((h('l1') % 3)::BIGINT), lambda x: CASE WHEN (h('l2') + x) % 4 > 0 THEN list_transform(range(((h('l3') >> x::INTEGER) % 4)::BIGINT), lambda y: (h('l4') >> (x + y)::INTEGER)::BIGINT % 100000) END)",
    { path: 'lists.list.element.list.element', encodings: whole },
  ),
  nested(
    'map',
    "CASE WHEN h('m0') % 5 > 0 THEN map_from_entries(list_transform(range((h('m1') % 4)::BIGINT), lambda x: {'k': 'key ' || x, 'v': CASE WHEN (h('m2') + x) % 3 > 0 THEN (h('m3') >> x::INTEGER)::BIGINT % 1000 END})) END",
    { path: 'map.key_value.key', encodings: text },
    { path: 'map.key_value.value', encodings: whole },
  ),
  nested(
    'orders',
    "CASE WHEN h('o0') % 6 > 0 THEN list_transform(range((h('o1') % 3)::BIGINT), lambda x: {'item': 'item ' || md5((h('o2') + x)::VARCHAR), 'parts': list_transform(range(((h('o3') >> x::INTEGER) % 3)::BIGINT), lambda y: {'n': (x * 10 + y)::INTEGER, 'w': CASE WHEN y = 1 THEN NULL ELSE (y * 1.5)::DOUBLE END})}) END",
    { path: 'orders.list.element.item', encodings: text },
    { path: 'orders.list.element.parts.list.element.n', encodings: whole },
    { path: 'orders.list.element.parts.list.element.w', encodings: real },
  ),
]

/** The key columns, and as many others as asked, chosen by the seed. */
export function columnsOf({ seed, columns }: { seed: number; columns: number }): Column[] {
  const random = makeRandom(seed)
  const left = [...choices]
  const chosen: Column[] = []
  while (chosen.length < columns && left.length > 0) chosen.push(...left.splice(random.below(left.length), 1))
  return [...key, ...chosen]
}

interface TablePlan {
  readonly seed: number
  readonly rows: number
  readonly without?: readonly number[]
}

/** The table as a statement. */
export function selectOf({ seed, rows, without = [] }: TablePlan, columns: readonly Column[]): string {
  const hashed = (sql: string): string => sql.replaceAll(/\bh\('(\w+)'\)/g, `(hash(i, '$1', ${seed}) >> 1)::BIGINT`)
  const list = columns.map(({ name, sql }) => `${hashed(sql)} AS ${name}`)
  const where = without.length === 0 ? '' : ` WHERE i NOT IN (${without.join()})`
  return `SELECT ${list.join(', ')} FROM range(${rows}) AS t(i)${where}`
}
