import fc from 'fast-check'
import { EnvoyModelError, type Host } from '../../host/envoy/index.ts'

/** Code and message of the error that a call throws, or `none`. */
export function refusal(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    return error instanceof EnvoyModelError ? `${error.code}: ${error.message}` : String(error)
  }
}

/** Hosts on 127.0.0.1, as Envoy's own tests of its balancers use them. */
export function localHosts(...ports: number[]): { address: string }[] {
  return ports.map((port) => ({ address: `127.0.0.1:${port}` }))
}

/** Hosts on 127.0.0.1 with a weight each: `{ 90: 1, 91: 2 }`. */
export function weightedHosts(weightByPort: Record<number, number>): Host[] {
  return Object.entries(weightByPort).map(([port, weight]) => ({ address: `127.0.0.1:${port}`, weight }))
}

/** Any hash a request may have. */
export const hash64: fc.Arbitrary<bigint> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

/** One to eight different hosts, weighted. */
export const hostSets: fc.Arbitrary<Host[]> = fc.uniqueArray(
  fc.record({
    address: fc.integer({ min: 1, max: 65_535 }).map((port) => `10.0.0.1:${port}`),
    weight: fc.integer({ min: 1, max: 20 }),
  }),
  { minLength: 1, maxLength: 8, selector: ({ address }) => address },
)
