import { KeySignatures } from './key-signatures.ts'

/** How surely a value is of the column that a match names: the smallest that a row has counts, the others do not. */
export const rank = { exactKey: 0, exactPath: 1, exactPartition: 2, caseApart: 3, absent: 4 } as const

export type Rank = (typeof rank)[keyof typeof rank]

export interface ColumnLeaf {
  readonly column: number
  readonly rank: Rank
}

/** Where keys lead from the top of a line to the columns that matches name: a trie of the columns' paths. */
export class ColumnNode {
  readonly leaves: ColumnLeaf[] = []
  /** The elements of an array here: `[]`. */
  elements: ColumnNode | undefined
  readonly #exact = new Map<string, ColumnNode>()
  readonly #folded = new Map<string, ColumnNode[]>()
  /** Of the keys that lead on; to be asked about ASCII keys only. */
  readonly signatures = new KeySignatures()

  get hasKeys(): boolean {
    return this.#exact.size > 0
  }

  /** The node at a key that is spelled as the column is. */
  exact(key: string): ColumnNode | undefined {
    return this.#exact.get(key)
  }

  /** The nodes at keys that differ in case at most. */
  folded(key: string): readonly ColumnNode[] {
    return this.#folded.get(key.toLowerCase()) ?? []
  }

  childAt(key: string): ColumnNode {
    let child = this.#exact.get(key)
    if (child !== undefined) return child
    child = new ColumnNode()
    this.#exact.set(key, child)
    this.signatures.add(key)
    const folded = key.toLowerCase()
    const siblings = this.#folded.get(folded)
    if (siblings === undefined) this.#folded.set(folded, [child])
    else siblings.push(child)
    return child
  }

  elementsNode(): ColumnNode {
    this.elements ??= new ColumnNode()
    return this.elements
  }
}

/** A step of a path: a key, then the elements of as many nested arrays. */
export interface PathStep {
  readonly key: string
  readonly arrays: number
}

/** The steps of a column's name: `items[].user_id` is the elements of `items`, then their `user_id`. */
export function pathOf(column: string): PathStep[] {
  return column.split('.').map((step) => {
    const key = step.replace(/(\[\])+$/, '')
    return { key, arrays: (step.length - key.length) / 2 }
  })
}

/** Whether a column's name can be more than the name of a key. */
export function isPath([first, ...more]: readonly PathStep[]): boolean {
  return more.length > 0 || first!.arrays > 0
}

/** The trie of columns, each by its name as a key and, where that differs, as a path. */
export function columnTrie(columns: readonly string[]): ColumnNode {
  const root = new ColumnNode()
  columns.forEach((name, column) => {
    root.childAt(name).leaves.push({ column, rank: rank.exactKey })
    const path = pathOf(name)
    if (!isPath(path)) return
    let node = root
    for (const { key, arrays } of path) {
      node = node.childAt(key)
      for (let level = 0; level < arrays; level += 1) node = node.elementsNode()
    }
    node.leaves.push({ column, rank: rank.exactPath })
  })
  return root
}
