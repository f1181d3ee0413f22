/** Unverified tokens by themselves: many more of them than the random keys of derivation.test.ts would meet. */
import { describe, expect, test } from 'vitest'
import { Vm } from '../../host/index.ts'
import { Prng, SEED, TIME_LIMIT, caseCount } from '../fuzz/prng.ts'
import { HASH_SECRET, headersWith, mooringModule, requestValues, startPlugin } from '../filter/mooring.ts'
import { derive } from './derive.ts'
import { unverifiedClaim } from './generate.ts'
import { token, tokenHeaders } from './generate-token.ts'

const HEADER = 'x-mooring-key'
const REQUESTS = 500
const CONFIGURATIONS = caseCount(200)

describe('the filter and a second derivation agree about tokens', () => {
  test(
    `for ${CONFIGURATIONS} lists of claims and ${REQUESTS} requests each (MOORING_SEED=${SEED})`,
    { timeout: TIME_LIMIT },
    () => {
      const prng = new Prng(SEED)
      let keys = 0
      const vm = new Vm(mooringModule, { environment: { SECRET: HASH_SECRET } })
      for (let number = 0; number < CONFIGURATIONS; number++) {
        const from = prng.list(2 + prng.below(3), () => ({ claim: unverifiedClaim(prng) }))
        const key = { from, hashSecret: { env: 'SECRET' } }
        using plugin = startPlugin(vm, { key })
        for (let count = 0; count < REQUESTS; count++) {
          const query = prng.onceIn(3) ? `/?id_token=${token(prng)}` : '/'
          const headers = headersWith([[':path', query], ...tokenHeaders(prng)])
          const stream = plugin.stream({ headers })
          const passed = { stream, request: stream.requestHeaders({ endOfStream: true }) }
          const request = { headers, metadata: {}, address: '', peer: {} }
          const expected = derive({ from, format: 'hash', secret: HASH_SECRET }, request)
          const written = requestValues(passed, HEADER)
          stream.end()
          if (written.length !== (expected === undefined ? 0 : 1) || written[0] !== expected) {
            const shown = JSON.stringify({ from, headers }, null, 1)
            throw new Error(`${shown}\nfilter: ${written.join(' ')}\nsecond: ${expected ?? 'none'}`)
          }
          if (expected !== undefined) keys++
        }
      }
      // Many of the tokens are sound and have the claim, many are not.
      const cases = CONFIGURATIONS * REQUESTS
      expect(keys).toBeGreaterThan(cases / 20)
      expect(keys).toBeLessThan(cases / 2)
    },
  )
})
