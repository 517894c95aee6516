import { dataMapperSchema } from '../../api/data-mapper-schema.ts'
import type { DataMapper } from '../../domain/data-mapper.ts'

/** A mapper without what is as it would be if it were left out: what a person would have written. */
export function exportedMapper(mapper: DataMapper): Partial<DataMapper> {
  const { name, store, location, keys } = mapper
  const bare: DataMapper = dataMapperSchema.parse({ name, store, keys })
  const written = Object.entries(mapper).filter(
    ([field, value]) =>
      field in { name, store, keys } || JSON.stringify(value) !== JSON.stringify(bare[field as keyof DataMapper]),
  )
  return Object.fromEntries([...Object.entries({ name, store, location, keys }), ...written])
}
