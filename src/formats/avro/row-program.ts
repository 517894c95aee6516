import type { Selection } from './columns.ts'
import type { AvroType, RecordType } from './schema.ts'

/**
 * How to pass over one row of a schema, as instructions for `RowReader`: a flat list, so that neither the depth of the
 * schema nor that of the data is a depth of calls. Each instruction is its number followed by its operands.
 */
export const op = {
  /** A varint of 32 bits. */
  int: 0,
  /** A varint of 64 bits. */
  long: 1,
  /** A length and as many bytes. */
  bytes: 2,
  /** `fixed size` */
  fixed: 3,
  boolean: 4,
  /** `enum symbols` */
  enum: 5,
  /** `union branches address...`: reads the branch and goes on at its address. */
  union: 6,
  /** `jump address` */
  jump: 7,
  /** `call address`: goes on there until `return`. */
  call: 8,
  return: 9,
  /** Begins the blocks of an array or map; `next` follows. */
  loop: 10,
  /** `next isEmpty exit`: goes on with the next item, or leaves the loop. */
  next: 11,
  /** Remembers where the value that follows begins. */
  mark: 12,
  /** `take slot`: hands over the value since `mark`. */
  take: 13,
} as const

export interface RowProgram {
  readonly code: Int32Array
  /** What each `take` hands over: a selected column's value of one of its types. */
  readonly slots: readonly Slot[]
  /** Every row of the schema takes no byte at all. */
  readonly isEmpty: boolean
}

export interface Slot {
  readonly selection: Selection
  readonly type: AvroType
}

export const nothingSelected: Selection = { isColumn: false, fields: new Map(), items: undefined }

/** Compiles a row's type: the selected columns are handed over, everything else is passed over. */
export function compileRow(type: AvroType, selection: Selection): RowProgram {
  return new Compiler().compile(type, selection)
}

type Step = () => void

class Compiler {
  readonly #code: number[] = []
  readonly #slots: Slot[] = []
  /** Records outside every selected column, which share one piece of code each: else a small schema could mean endless code. */
  readonly #shared = new Map<RecordType, { address: number; readonly calls: number[] }>()
  readonly #waiting: RecordType[] = []
  readonly #stack: Step[] = []

  compile(type: AvroType, selection: Selection): RowProgram {
    this.#run(() => this.#value(type, selection))
    this.#emit(op.return)
    for (let record = this.#waiting.pop(); record !== undefined; record = this.#waiting.pop()) this.#body(record)
    for (const { address, calls } of this.#shared.values()) for (const call of calls) this.#code[call] = address
    return { code: Int32Array.from(this.#code), slots: this.#slots, isEmpty: type.isEmpty }
  }

  #body(record: RecordType): void {
    this.#shared.get(record)!.address = this.#code.length
    this.#run(() => this.#fields(record, undefined))
    this.#emit(op.return)
  }

  #value(type: AvroType, selection: Selection | undefined): void {
    switch (type.kind) {
      case 'record':
        if (selection === undefined) this.#call(type)
        else this.#fields(type, selection)
        break
      case 'union':
        this.#union(type.branches, selection)
        break
      case 'array':
        this.#loop(type.items.isEmpty, [() => this.#value(type.items, selection?.items)])
        break
      case 'map':
        this.#loop(false, [() => this.#emit(op.bytes), () => this.#value(type.values, undefined)])
        break
      default:
        this.#leaf(type, selection)
        break
    }
  }

  #leaf(type: AvroType, selection: Selection | undefined): void {
    const isTaken = selection?.isColumn === true && type.kind !== 'null'
    if (isTaken) this.#emit(op.mark)
    this.#emit(...leafCode(type))
    if (isTaken) this.#emit(op.take, this.#slots.push({ selection, type }) - 1)
  }

  #call(record: RecordType): void {
    let shared = this.#shared.get(record)
    if (shared === undefined) {
      this.#shared.set(record, (shared = { address: -1, calls: [] }))
      this.#waiting.push(record)
    }
    this.#emit(op.call, 0)
    shared.calls.push(this.#code.length - 1)
  }

  #fields({ fields }: RecordType, selection: Selection | undefined): void {
    this.#then(
      fields.map(
        ({ name, type }) =>
          () =>
            this.#value(type, selection?.fields.get(name)),
      ),
    )
  }

  #union(branches: readonly AvroType[], selection: Selection | undefined): void {
    this.#emit(op.union, branches.length)
    const table = this.#code.length
    for (const _ of branches) this.#emit(-1)
    const exits: number[] = []
    const steps = branches.flatMap((branch, index): Step[] => [
      () => {
        this.#code[table + index] = this.#code.length
        this.#value(branch, selection)
      },
      () => {
        this.#emit(op.jump, -1)
        exits.push(this.#code.length - 1)
      },
    ])
    this.#then([...steps, () => this.#land(exits)])
  }

  #loop(isEmpty: boolean, item: readonly Step[]): void {
    this.#emit(op.loop)
    const next = this.#code.length
    this.#emit(op.next, isEmpty ? 1 : 0, -1)
    const exit = this.#code.length - 1
    this.#then([...item, () => this.#emit(op.jump, next), () => this.#land([exit])])
  }

  /** Makes the places point at what comes next. */
  #land(places: readonly number[]): void {
    for (const place of places) this.#code[place] = this.#code.length
  }

  #emit(...numbers: number[]): void {
    this.#code.push(...numbers)
  }

  /** Does the steps next, in their order, before anything that waits. */
  #then(steps: readonly Step[]): void {
    for (let index = steps.length - 1; index >= 0; index -= 1) this.#stack.push(steps[index]!)
  }

  #run(first: Step): void {
    this.#stack.push(first)
    for (let step = this.#stack.pop(); step !== undefined; step = this.#stack.pop()) step()
  }
}

function leafCode(type: AvroType): number[] {
  switch (type.kind) {
    case 'null':
      return []
    case 'boolean':
      return [op.boolean]
    case 'int':
      return [op.int]
    case 'long':
      return [op.long]
    case 'float':
      return [op.fixed, 4]
    case 'double':
      return [op.fixed, 8]
    case 'fixed':
      // No block is as long as that, so a larger one cannot be there either.
      return [op.fixed, Math.min(type.size, 2 ** 31 - 1)]
    case 'enum':
      return [op.enum, type.symbols.length]
    default:
      return [op.bytes]
  }
}
