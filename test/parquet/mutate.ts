import { ids } from './ids.ts'
import { type Image, readImage, writeImage } from './image.ts'
import type { Random } from './random.ts'
import { copyTree, put, type Tree, type TreeField, type TreeList, types } from './thrift-tree.ts'

/** A damaged copy of a file, and what was done to it, for people. */
export interface Mutation {
  readonly bytes: Uint8Array
  readonly what: string
}

/** Damages a file in one to three ways. The same file and numbers give the same bytes. */
export function mutate(source: Uint8Array, random: Random): Mutation {
  let bytes: Uint8Array = Buffer.from(source)
  const done: string[] = []
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const mutation = random.pick(mutations)(bytes, random)
    bytes = mutation.bytes
    done.push(mutation.what)
  }
  return { bytes, what: done.join(', then ') }
}

type Mutate = (bytes: Uint8Array, random: Random) => Mutation

/** Bytes at a place; half of all places are near the end, where the footer is. */
function place(bytes: Uint8Array, random: Random): number {
  const last = Math.min(bytes.length, 4000)
  return random.oneIn(2) ? random.below(bytes.length) : bytes.length - 1 - random.below(last)
}

const flipBit: Mutate = (bytes, random) => {
  if (bytes.length === 0) return { bytes, what: 'nothing' }
  const copy = Buffer.from(bytes)
  const at = place(bytes, random)
  copy[at]! ^= 1 << random.below(8)
  return { bytes: copy, what: `bit at ${at}` }
}

const setBytes: Mutate = (bytes, random) => {
  if (bytes.length === 0) return { bytes, what: 'nothing' }
  const copy = Buffer.from(bytes)
  const at = place(bytes, random)
  const value = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
  const end = Math.min(copy.length, at + 1 + random.below(5))
  copy.fill(value, at, end)
  return { bytes: copy, what: `bytes ${at} to ${end} set to ${value}` }
}

const truncate: Mutate = (bytes, random) => {
  const length = random.below(bytes.length + 1)
  // With the frame put back, the cut is found deeper inside.
  const tail = random.oneIn(2) ? bytes.subarray(-8) : new Uint8Array(0)
  return { bytes: Buffer.concat([bytes.subarray(0, length), tail]), what: `cut to ${length}` }
}

const removeBytes: Mutate = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  const count = 1 + random.below(16)
  return {
    bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]),
    what: `${count} bytes out at ${at}`,
  }
}

const insertBytes: Mutate = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  const added = random.bytes(1 + random.below(16))
  return {
    bytes: Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]),
    what: `${added.length} bytes in at ${at}`,
  }
}

const footerLength: Mutate = (bytes, random) => {
  const copy = Buffer.from(bytes)
  if (copy.length < 8) return flipBit(bytes, random)
  const value = random.pick([0, 1, copy.length, 0x7fffffff, 0xffffffff, random.below(copy.length + 100)])
  copy.writeUInt32LE(value, copy.length - 8)
  return { bytes: copy, what: `footer length ${value}` }
}

const oddNumbers = [
  0n,
  1n,
  -1n,
  2n,
  127n,
  128n,
  1n << 31n,
  (1n << 31n) - 1n,
  -(1n << 31n),
  1n << 40n,
  (1n << 63n) - 1n,
  -(1n << 63n),
]

/** Changes one field of one structure and writes all again; sizes and offsets as they stand, or corrected. */
const changeField: Mutate = (bytes, random) => {
  let image: Image
  try {
    image = readImage(bytes)
  } catch {
    return flipBit(bytes, random)
  }
  const { name, tree } = random.pick(structuresOf(image))
  const target = random.pick(subtrees(tree))
  const fields = [...target]
  const chosen = fields.length === 0 ? undefined : random.pick(fields)
  if (chosen === undefined) return flipBit(bytes, random)
  const [id, field] = chosen
  const how = changeValue(target, id, field, random)
  return { bytes: writeImage(image, { raw: random.oneIn(2) }), what: `${name}: field ${id} ${how}` }
}

function structuresOf(image: Image): { name: string; tree: Tree }[] {
  const chunks = image.groups.flatMap((group) => group.chunks)
  const all = [
    { name: 'footer', tree: image.footer },
    ...image.groups.map(({ tree }) => ({ name: 'row group', tree })),
    ...chunks.flatMap((chunk) => [
      { name: 'chunk', tree: chunk.meta },
      ...chunk.pages.map(({ header }) => ({ name: 'page header', tree: header })),
      ...(chunk.offsetIndex === undefined ? [] : [{ name: 'offset index', tree: chunk.offsetIndex }]),
      ...(chunk.columnIndex === undefined ? [] : [{ name: 'column index', tree: chunk.columnIndex }]),
      ...(chunk.bloom === undefined ? [] : [{ name: 'bloom filter', tree: chunk.bloom.header }]),
    ]),
  ]
  return all
}

function subtrees(tree: Tree): Tree[] {
  const found = [tree]
  for (const { value } of tree.values()) {
    const inner = value instanceof Map ? [value] : typeof value === 'object' && 'items' in value ? value.items : []
    for (const item of inner) if (item instanceof Map) found.push(...subtrees(item))
  }
  return found
}

function changeValue(tree: Tree, id: number, field: TreeField, random: Random): string {
  if (random.oneIn(8)) {
    tree.delete(id)
    return 'removed'
  }
  const { value } = field
  if (typeof value === 'boolean') {
    put(tree, id, !value)
    return 'negated'
  }
  if (field.type === types.double) {
    field.value = random.pick([0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    return `set to ${field.value}`
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    const odd = random.pick([...oddNumbers, BigInt(value) + 1n, BigInt(value) - 1n, BigInt(value) * 2n])
    field.value = odd
    return `set to ${odd}`
  }
  if (value instanceof Uint8Array) {
    field.value = random.bytes(random.pick([0, 1, value.length, value.length + 5]))
    return 'given other bytes'
  }
  if (value instanceof Map) {
    field.value = new Map()
    return 'emptied'
  }
  return changeList(value, random)
}

function changeList(list: TreeList, random: Random): string {
  const at = random.below(list.items.length + 1)
  if (random.oneIn(2) || list.items.length === 0) {
    list.items.splice(at, 1)
    return `without its entry ${at}`
  }
  const item = random.pick(list.items)
  list.items.splice(at, 0, item instanceof Map ? copyTree(item) : item)
  return `with an entry twice, at ${at}`
}

/** Takes a page out, gives it twice, or swaps two of a chunk. */
const movePages: Mutate = (bytes, random) => {
  let image: Image
  try {
    image = readImage(bytes)
  } catch {
    return flipBit(bytes, random)
  }
  const chunk = random.pick(image.groups.flatMap((group) => group.chunks))
  if (chunk === undefined || chunk.pages.length === 0) return flipBit(bytes, random)
  const at = random.below(chunk.pages.length)
  const page = chunk.pages[at]!
  const how = random.pick(['out', 'twice', 'swapped'] as const)
  if (how === 'out') chunk.pages.splice(at, 1)
  else if (how === 'twice') chunk.pages.splice(at, 0, { ...page, header: copyTree(page.header) })
  else chunk.pages.reverse()
  if (image.footer.get(ids.file.numRows) === undefined) return flipBit(bytes, random)
  return { bytes: writeImage(image), what: `page ${at} of a chunk ${how}` }
}

const mutations: readonly Mutate[] = [
  flipBit,
  flipBit,
  setBytes,
  truncate,
  removeBytes,
  insertBytes,
  footerLength,
  changeField,
  changeField,
  changeField,
  changeField,
  movePages,
]
