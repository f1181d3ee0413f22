import { defineConfig } from 'vitest/config'

/** Their files start an Envoy, a browser or Istio, most of them many times. */
const envoy = ['envoy', 'browser', 'clients', 'istio', 'applications'].map(
  (directory) => `test/${directory}/**/*.test.ts`,
)

// The report that CI counts from.
const report = process.env['MOORING_TEST_REPORT']

// Files of one worker share what they import: reading it anew for each of them took a sixth of the processor time.
const isolate = false

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    // vitest leaves one processor to itself, which is half of two: it has next to nothing to do while tests run.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          // Projects run in the order of their names. The one with the longest files is first, and small ones fill the end.
          name: 'envoy',
          include: envoy,
          globalSetup: 'test/envoy/fetch-envoys.ts',
          isolate,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: envoy,
          isolate,
          testTimeout: 60_000,
          // What is built runs as it does for its users: not instrumented, as sources are.
          server: { deps: { external: [/\/build\/js\//] } },
        },
      },
    ],
  },
})
