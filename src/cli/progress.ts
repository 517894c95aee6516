import { counted, grouped, sized } from './printable.ts'

/** A line on the terminal that says how far a run is; nothing where standard error is none. */
export interface Progress {
  addBytes(bytes: number): void
  addObject(): void
  /** Takes the line away, so that what is printed next stands alone. */
  end(): void
}

const redrawMs = 100
const eraseLine = '\r\u001b[K'

export function startProgress({ verb, objects }: { readonly verb: string; readonly objects?: number }): Progress {
  const terminal = process.stderr
  if (!terminal.isTTY) return { addBytes: () => undefined, addObject: () => undefined, end: () => undefined }
  const start = performance.now()
  let bytesDone = 0
  let objectsDone = 0
  let drawn = Number.NEGATIVE_INFINITY

  const draw = () => {
    const now = performance.now()
    if (now - drawn < redrawMs) return
    drawn = now
    const of = objects === undefined ? counted(objectsDone, 'object') : `${grouped(objectsDone)} of ${grouped(objects)}`
    const rate = bytesDone === 0 ? '' : `, ${sized(bytesDone)}, ${sized((1000 * bytesDone) / (now - start))}/s`
    terminal.write(`${eraseLine}${verb} ${of}${rate}`)
  }
  return {
    addBytes(bytes) {
      bytesDone += bytes
      draw()
    },
    addObject() {
      objectsDone += 1
      draw()
    },
    end: () => void terminal.write(eraseLine),
  }
}
