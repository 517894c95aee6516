import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/services/**'],
    // Two cores: more workers than cores only make timing tests lie.
    maxWorkers: 2,
    testTimeout: 20_000,
    allowOnly: false,
    // Processes that tests start find the code compiled: half of what a short one takes.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'lethe-tests') },
  },
})
