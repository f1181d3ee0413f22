import { defineConfig } from 'vitest/config'

// Two cores: files that start an Envoy run after one another, all others side by side.
const envoy = ['envoy', 'browser', 'clients', 'istio'].map((directory) => `test/${directory}/**/*.test.ts`)

// The report that CI counts from.
const report = process.env['MOORING_TEST_REPORT']

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: envoy,
          testTimeout: 60_000,
          // What is built runs as it does for its users: not instrumented, as sources are.
          server: { deps: { external: [/\/build\/js\//] } },
        },
      },
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
