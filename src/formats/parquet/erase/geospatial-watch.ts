import { BoundingBox, GeospatialStatistics } from '../metadata.ts'
import type { LeafColumn } from '../schema.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, removeField } from '../thrift-fields.ts'
import type { ValueWatch } from './statistics-watch.ts'
import { type Axis, forEachCoordinate } from './well-known-binary.ts'

/** Watches the geometries that go, and so learns what of the geospatial statistics of a chunk may stay. */
export class GeospatialWatch implements ValueWatch {
  readonly #statistics: ThriftStruct
  readonly #sides: { readonly [A in Axis]: readonly [number | undefined, number | undefined] }
  #seesAny = false
  #isTold: boolean

  constructor(statistics: ThriftStruct, { type }: Pick<LeafColumn, 'type'>) {
    this.#statistics = statistics
    // The edges of geographies are arcs, which go beyond the places that are stored.
    this.#isTold = type.kind !== 'geometry'
    const box = getField(statistics, GeospatialStatistics.bbox) ?? { fields: [] }
    this.#sides = {
      x: [getField(box, BoundingBox.xmin), getField(box, BoundingBox.xmax)],
      y: [getField(box, BoundingBox.ymin), getField(box, BoundingBox.ymax)],
      z: [getField(box, BoundingBox.zmin), getField(box, BoundingBox.zmax)],
      m: [getField(box, BoundingBox.mmin), getField(box, BoundingBox.mmax)],
    }
  }

  see(bytes: Uint8Array, start: number, end: number): void {
    this.#seesAny = true
    if (this.#isTold) return
    const isGeometry = forEachCoordinate(bytes.subarray(start, end), (axis, value) => {
      const [least, greatest] = this.#sides[axis]
      // A side that nothing of the erased reaches was made of what stays.
      if (least !== undefined && value <= least + slack(least)) this.#isTold = true
      if (greatest !== undefined && value >= greatest - slack(greatest)) this.#isTold = true
    })
    if (!isGeometry) this.#isTold = true
  }

  /**
   * The statistics of what stays: those of the source, less what an erased geometry may tell on; undefined where that
   * is all of it.
   */
  edited(): ThriftStruct | undefined {
    if (!this.#seesAny) return this.#statistics
    if (this.#isTold) return undefined
    const edited = copyStruct(this.#statistics)
    const types = getField(edited, GeospatialStatistics.geospatialTypes) ?? []
    // Of several types one may have been the erased geometries' alone. The format lets the list be absent.
    if (types.length > 1) removeField(edited, GeospatialStatistics.geospatialTypes)
    return edited
  }
}

/** Boxes may be rounded outwards to single precision. */
function slack(side: number): number {
  return Math.abs(side) * 2 ** -22
}
