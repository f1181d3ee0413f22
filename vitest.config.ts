import { defineConfig } from 'vitest/config'

// Two cores: files that start an Envoy run after one another, all others side by side.
const envoy = ['test/envoy/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'node', include: ['test/**/*.test.ts'], exclude: envoy, testTimeout: 60_000 } },
      {
        test: {
          name: 'envoy',
          include: envoy,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
