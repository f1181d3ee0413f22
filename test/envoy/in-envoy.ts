import { describe, test } from 'vitest'
import { envoyIngress, type IngressKind } from '../../demo/ingress.ts'
import { findEnvoy, TESTED_ENVOY_VERSIONS } from '../../tools/envoy.ts'

/** A real Envoy for tests. */
export interface RealEnvoy {
  readonly version: string
  readonly binary: string
  /** Gateways in this Envoy. */
  readonly kind: IngressKind
}

// Looked up once a file, before tests are declared: whether an Envoy can be had decides which tests there are.
const lookups = await Promise.all(
  TESTED_ENVOY_VERSIONS.map(async (version) => ({ version, lookup: await findEnvoy({ version }) })),
)

/**
 * Declares tests in each tested version of Envoy. Where one cannot be had its tests are skipped, loudly; with
 * MOORING_REQUIRE_ENVOY=1 they fail instead, since there a skipped test is a missing proof.
 */
export function inEnvoy(declare: (envoy: RealEnvoy) => void): void {
  for (const { version, lookup } of lookups) {
    describe(`in Envoy ${version}`, () => {
      if (lookup.found) {
        declare({ version, binary: lookup.binary, kind: envoyIngress(lookup.binary, version) })
        return
      }
      const { reason } = lookup
      test('this Envoy can be had', (context) => {
        if (process.env['MOORING_REQUIRE_ENVOY'] === '1') {
          throw new Error(`MOORING_REQUIRE_ENVOY is set and there is no Envoy ${version}: ${reason}`)
        }
        process.stderr.write(`SKIPPED: every test in Envoy ${version}, since there is none: ${reason}\n`)
        context.skip(`no Envoy ${version}: ${reason}`)
      })
    })
  }
}
