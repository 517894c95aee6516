// Copies what the source reads beside its modules and tsc does not know: `node scripts/copy-assets.mjs`, from the root.
import { cpSync } from 'node:fs'

const folders = ['adapters/state/postgres/migrations']

for (const folder of folders) cpSync(`src/${folder}`, `build/${folder}`, { recursive: true })
