import { chooseColumn } from '../../domain/column.ts'
import { LetheError } from '../../domain/error.ts'
import type { Predicate } from '../../domain/predicate.ts'
import { unitsOf } from './encoding.ts'
import { isCertainHeader } from './header-certainty.ts'
import { type Layout, layoutOf } from './layout.ts'
import type { CsvOptions } from './options.ts'
import type { StreamWindow } from './stream-window.ts'
import { textIndexOf } from './text-index.ts'

export interface ReadLayoutRequest {
  readonly options: CsvOptions
  readonly escaping: 'doubled' | 'backslash'
  readonly predicate: Predicate
}

/**
 * Reads as much of a stream as its layout needs; the window still begins with the first byte afterwards.
 *
 * @throws LetheError `unsupported`, `malformed`: the layout is not certain; `limit-exceeded`.
 */
export async function readLayout(window: StreamWindow, request: ReadLayoutRequest): Promise<Layout> {
  const { options, escaping, predicate } = request
  const wanted = [...predicate.columns.keys()]
  for (;;) {
    await window.advance(0)
    const layout = layoutOf(window.bytes, { options, escaping, wanted, isLast: window.isLast })
    if (layout === undefined) continue
    requireHeader(window, layout, request)
    return layout
  }
}

/** A header that has a column which is looked for is one; any other must not be somebody's row. */
function requireHeader(window: StreamWindow, layout: Layout, { options, predicate }: ReadLayoutRequest): void {
  const { columns, encoding } = layout
  if (options.header !== undefined || columns.length === 0 || predicate.columns.size === 0) return
  if ([...predicate.columns.keys()].some((name) => chooseColumn(name, columns).kind !== 'none')) return
  const hasMatch = predicate.groups.some(({ texts }) =>
    texts.some((ofColumn) => columns.some((cell) => textIndexOf(ofColumn, encoding).findText(cell) >= 0)),
  )
  if (hasMatch || !isCertainHeader(unitsOf(window.bytes, encoding), layout)) {
    throw new LetheError('unsupported', 'whether the first record is a header is not certain; say whether there is one')
  }
}
