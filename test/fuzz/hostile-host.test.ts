/** Callbacks in every order, with every id, from a host that answers anything. */
import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import { configurationBytes } from './configuration.ts'
import { HostileHost } from './hostile-host.ts'
import { type Prng, SEED, TIME_LIMIT, caseCount, rounds } from './prng.ts'

const CASES = caseCount(8_000)
const CALLS_PER_CASE = 8
const CASES_PER_ROUND = 20
const MEMORY_BOUND = 32 << 20

test(
  `${CASES} sequences of callbacks in a host that answers anything (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  () => {
    let configured = 0
    rounds('hostile-host.test.ts', CASES, (prng) => {
      const host = new HostileHost(prng, configurationBytes(prng).bytes)
      host.call('proxy_on_context_create', 1, 0)
      if (prng.onceIn(4)) host.turnHostile()
      configured += host.call('proxy_on_configure', 1, 1 + prng.below(9000))
      host.turnHostile()
      for (let i = 0; i < CASES_PER_ROUND * CALLS_PER_CASE; i++) callAnything(prng, host)
      assert.ok(host.memoryBytes <= MEMORY_BOUND, `the memory grew to ${host.memoryBytes} bytes`)
      return CASES_PER_ROUND
    })
    if (process.env['MOORING_ROUND'] === undefined)
      expect(configured).toBeGreaterThan(CASES / CASES_PER_ROUND / 3)
  },
)

/** Few ids, so that roots and streams meet under one number, and are created, used and deleted in any order. */
function callAnything(prng: Prng, host: HostileHost): void {
  const id = prng.onceIn(20) ? prng.word() : prng.below(8)
  const root = prng.onceIn(20) ? prng.word() : prng.below(3)
  prng.oneOf([
    () => host.call('proxy_on_context_create', id, root),
    () => {
      host.call('proxy_on_context_create', id, 1)
      return host.call('proxy_on_request_headers', id, prng.word(), prng.below(2))
    },
    () => host.call('proxy_on_request_headers', id, prng.word(), prng.below(2)),
    () => host.call('proxy_on_response_headers', id, prng.word(), prng.below(2)),
    () => host.call('proxy_on_delete', prng.onceIn(8) ? root : id + 3),
    () => host.call('proxy_on_tick', root),
    () => host.call('proxy_on_vm_start', root, prng.word()),
    () => (prng.onceIn(4) ? host.call('proxy_on_configure', root, prng.pick([0, 1, 0xffff_ffff])) : 0),
    () => host.call('malloc', prng.pick([0, 1, 7, 4096, 1 << 20, (1 << 20) + 1, 0x7fff_ffff, 0xffff_ffff])),
  ])
}
