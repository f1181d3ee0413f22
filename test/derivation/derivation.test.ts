import { describe, expect, test } from 'vitest'
import { type PropertyValue, Vm } from '../../host/index.ts'
import { Prng, SEED, TIME_LIMIT, caseCount } from '../fuzz/prng.ts'
import { HASH_SECRET, mooringModule, requestValues, startPlugin } from '../filter/mooring.ts'
import { derive } from './derive.ts'
import { randomKey, randomRequest } from './generate.ts'

const HEADER = 'x-mooring-key'
const REQUESTS = 50
const CONFIGURATIONS = caseCount(2000)

describe('the filter and a second derivation, written from the documentation, give one key', () => {
  test(
    `for ${CONFIGURATIONS} keys and ${REQUESTS} requests each (MOORING_SEED=${SEED})`,
    { timeout: TIME_LIMIT },
    () => {
      const prng = new Prng(SEED)
      let keys = 0
      const kinds = new Set<string>()
      // One for all keys: what costs most of a configuration is to start a VM.
      const vm = new Vm(mooringModule, { environment: { SECRET: HASH_SECRET } })
      for (let number = 0; number < CONFIGURATIONS; number++) {
        const text = randomKey(prng, HASH_SECRET)
        const { from, format, secret } = text
        const key = { from, format, ...(secret === undefined ? {} : { hashSecret: { env: 'SECRET' } }) }
        using plugin = startPlugin(vm, { key })
        for (let count = 0; count < REQUESTS; count++) {
          const request = randomRequest(prng)
          const metadata = request.metadata as Record<string, PropertyValue>
          const stream = plugin.stream({
            headers: request.headers,
            properties: {
              source: { address: request.address },
              connection: {
                uri_san_peer_certificate: request.peer.uri,
                dns_san_peer_certificate: request.peer.dns,
                subject_peer_certificate: request.peer.subject,
                sha256_peer_certificate_digest: request.peer.digest,
              },
              metadata: { filter_metadata: metadata },
            },
          })
          const passed = { stream, request: stream.requestHeaders({ endOfStream: true }) }
          const expected = derive(text, request)
          const written = requestValues(passed, HEADER)
          stream.end()
          if (written.length !== (expected === undefined ? 0 : 1) || written[0] !== expected) {
            throw new Error(
              `key ${number}: ${JSON.stringify({ key, request }, null, 1)}\nfilter: ${written.join(' ')}\nsecond: ${expected ?? 'none'}`,
            )
          }
          if (expected === undefined) continue
          keys++
          kinds.add(JSON.stringify(from).replace(/.*?"(\w+)".*/s, '$1'))
        }
      }
      // The cases reach what they are meant to reach: many have a key, many none.
      const cases = CONFIGURATIONS * REQUESTS
      expect(keys).toBeGreaterThan(cases / 3)
      expect(keys).toBeLessThan((cases * 2) / 3)
      expect(kinds.size).toBeGreaterThan(10)
    },
  )
})
