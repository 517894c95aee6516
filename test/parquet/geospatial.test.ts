import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { geospatialStatistics } from 'hyparquet-writer/src/geospatial.js'
import { geojsonToWkb } from 'hyparquet-writer/src/wkb.js'
import { describe, expect, it } from 'vitest'
import { type Axis, forEachCoordinate } from '../../src/formats/parquet/erase/well-known-binary.ts'
import { judgeErasure } from './judge.ts'

type Geometry = Parameters<typeof geojsonToWkb>[0]
type Position = number[]

/** Few numbers, so that erased places often lie on a side of the box, and often do not. */
const number = fc.integer({ min: -40, max: 40 }).map((whole) => whole / 4)

function geometries(size: 2 | 3 | 4): fc.Arbitrary<Geometry> {
  const position = fc.array(number, { minLength: size, maxLength: size })
  const line = fc.array(position, { minLength: 2, maxLength: 4 })
  const polygon = fc.array(line, { minLength: 1, maxLength: 2 })
  const simple: fc.Arbitrary<Geometry> = fc.oneof(
    position.map((coordinates) => ({ type: 'Point' as const, coordinates })),
    line.map((coordinates) => ({ type: 'LineString' as const, coordinates })),
    polygon.map((coordinates) => ({ type: 'Polygon' as const, coordinates })),
    line.map((coordinates) => ({ type: 'MultiPoint' as const, coordinates })),
    polygon.map((coordinates) => ({ type: 'MultiLineString' as const, coordinates })),
    fc
      .array(polygon, { minLength: 1, maxLength: 2 })
      .map((coordinates) => ({ type: 'MultiPolygon' as const, coordinates })),
  )
  const members = fc.array(simple, { minLength: 1, maxLength: 3 })
  return fc.oneof(
    { weight: 6, arbitrary: simple },
    {
      weight: 1,
      arbitrary: members.map((inner) => ({ type: 'GeometryCollection' as const, geometries: inner })),
    },
  )
}

const someGeometry = fc.constantFrom(2, 3, 4).chain((size) => geometries(size as 2 | 3 | 4))

/** All positions of a geometry, in order. */
function positionsOf(geometry: Geometry): Position[] {
  if (geometry.type === 'GeometryCollection') return geometry.geometries.flatMap(positionsOf)
  const flatten = (nested: unknown[]): Position[] =>
    typeof nested[0] === 'number' ? [nested as Position] : (nested as unknown[][]).flatMap(flatten)
  return flatten(geometry.coordinates)
}

describe('well-known binary', () => {
  it('has the coordinates of the geometry that it was made of', () => {
    fc.assert(
      fc.property(someGeometry, (geometry) => {
        const seen: [Axis, number][] = []
        expect(forEachCoordinate(geojsonToWkb(geometry), (axis, value) => seen.push([axis, value]))).toBe(true)
        const axes = ['x', 'y', 'z', 'm'] as const
        expect(seen).toEqual(
          positionsOf(geometry).flatMap((position) => position.map((value, at) => [axes[at], value])),
        )
      }),
    )
  })

  it('is none where bytes are missing or too many', () => {
    fc.assert(
      fc.property(someGeometry, fc.nat(), (geometry, cut) => {
        const bytes = geojsonToWkb(geometry)
        expect(forEachCoordinate(bytes.subarray(0, cut % bytes.length), () => {})).toBe(false)
        expect(forEachCoordinate(Buffer.concat([bytes, Buffer.of(0)]), () => {})).toBe(false)
      }),
    )
  })
})

/** What a reader is told of the only row group's geometries. */
function statisticsOf(file: Uint8Array): ReturnType<typeof geospatialStatistics> {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
  return parquetMetadata(buffer).row_groups[0]!.columns[1]!.meta_data!.geospatial_statistics
}

function fileOf(places: readonly (Geometry | null)[], type: 'GEOMETRY' | 'GEOGRAPHY' = 'GEOMETRY'): Uint8Array {
  const canary = places.map((_, row) => `canary ${row} of a row`)
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'canary', data: canary, type: 'STRING' },
        { name: 'place', data: [...places], type },
      ],
    }),
  )
}

async function erase(file: Uint8Array, rows: readonly number[]): Promise<Uint8Array> {
  const verdict = await judgeErasure(file, rows)
  expect(verdict).toMatchObject({ kind: 'erased', faults: [] })
  return verdict.kind === 'erased' ? verdict.output : new Uint8Array(0)
}

const point = (x: number, y: number): Geometry => ({ type: 'Point', coordinates: [x, y] })
const corners = [point(-1.5, -2.5), point(3.5, 4.5)]

describe('geospatial statistics of an edited chunk', () => {
  it('stay where the erased places lie inside the box', async () => {
    const file = fileOf([...corners, point(0, 0), point(1, 1), null])
    expect(statisticsOf(await erase(file, [2]))).toEqual(geospatialStatistics([...corners, point(1, 1)]))
  })

  it('stay where only rows without a place go', async () => {
    const file = fileOf([...corners, null])
    expect(statisticsOf(await erase(file, [2]))).toEqual(geospatialStatistics(corners))
  })

  it.each([
    ['on a side of the box', point(3.5, 1)],
    ['on a side that was rounded outwards', point(3.4999999, 1)],
  ])('go where an erased place lies %s', async (_, place) => {
    const file = fileOf([...corners, place, point(0, 0)])
    expect(statisticsOf(await erase(file, [2]))).toBeUndefined()
  })

  it('keep the box and not the types where there are several: one may have been the erased alone', async () => {
    const line: Geometry = {
      type: 'LineString',
      coordinates: [
        [0, 0],
        [1, 1],
      ],
    }
    const left = statisticsOf(await erase(fileOf([...corners, line]), [2]))
    expect(left?.bbox).toEqual(geospatialStatistics(corners)?.bbox)
    expect(left?.geospatial_types).toBeUndefined()
  })

  it('go for geographies, whose edges reach beyond the places that are stored', async () => {
    const file = fileOf([...corners, point(0, 0)], 'GEOGRAPHY')
    expect(statisticsOf(file)).toBeDefined()
    expect(statisticsOf(await erase(file, [2]))).toBeUndefined()
  })

  it('are true of what stays, or absent', async () => {
    const places = fc.array(fc.option(someGeometry, { freq: 6 }), { minLength: 2, maxLength: 12 })
    let kept = 0
    await fc.assert(
      fc.asyncProperty(places, fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 3 }), async (all, chosen) => {
        const rows = chosen.filter((row) => row < all.length)
        fc.pre(rows.length < all.length)
        const left = statisticsOf(await erase(fileOf(all), rows))
        const expected = geospatialStatistics(all.filter((_, row) => !rows.includes(row)))
        if (left === undefined) return
        kept += 1
        expect(left.bbox).toEqual(expected?.bbox)
        if (left.geospatial_types !== undefined) expect(left.geospatial_types).toEqual(expected?.geospatial_types)
      }),
      { numRuns: 60 },
    )
    expect(kept).toBeGreaterThan(0)
  })
})
