import { defineConfig } from 'vitest/config'

/** Tests against real servers. They fail, and never skip, when the address of a server is missing. */
export default defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
  },
})
