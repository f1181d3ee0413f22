/** What clients see under each failStrategy, when the module traps and when it cannot be fetched. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest } from '../envoy/raw-request.ts'
import { runSet, type RunningSet } from './golden.ts'
import { TRAP, writeTrappingModule } from './trapping-module.ts'

const directory = mkdtempSync(join(tmpdir(), 'mooring-trap-'))
const wasm = join(directory, 'trap.wasm')

beforeAll(() => {
  writeTrappingModule(wasm)
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

const plain = async ({ port }: RunningSet) => (await rawRequest(port, [])).status
const trapping = async ({ port }: RunningSet) => (await rawRequest(port, TRAP)).status

inEnvoy(({ binary }) => {
  describe('a module that traps', () => {
    test('FAIL_OPEN: that request fails, all later ones pass without the filter', async () => {
      await using set = await runSet({ binary, set: 'hash-header', wasm })
      expect(await plain(set)).toBe(200)
      expect(await trapping(set)).toBe(503)
      expect(await plain(set)).toBe(200)
      // Were the module there, this would trap again.
      expect([await trapping(set), await trapping(set)]).toEqual([200, 200])
    })

    test('FAIL_CLOSE: that request and all later ones fail', async () => {
      await using set = await runSet({ binary, set: 'fail-close', wasm })
      expect(await plain(set)).toBe(200)
      expect(await trapping(set)).toBe(503)
      expect([await plain(set), await plain(set), await plain(set)]).toEqual([503, 503, 503])
    })

    test('FAIL_RELOAD: requests fail until the module is started again, and then it runs', async () => {
      await using set = await runSet({ binary, set: 'fail-reload', wasm })
      expect(await plain(set)).toBe(200)
      expect(await trapping(set)).toBe(503)
      await expect.poll(() => plain(set), { timeout: 20_000 }).toBe(200)
      expect(await trapping(set)).toBe(503)
    })
  })

  describe('a module that the agent could not fetch', () => {
    test('FAIL_OPEN: every request passes, without affinity', async () => {
      await using set = await runSet({ binary, set: 'unfetched-fail-open' })
      const answer = await rawRequest(set.port, ['x-mooring-key', 'chosen'])
      expect(answer.status).toBe(200)
      // The seed's DestinationRule has a ttl: Envoy mints a cookie of its own, in quotes.
      expect(answer.setCookie).toEqual([
        expect.stringMatching(/^ISTIOID="[0-9a-f]{16}"; Max-Age=60; HttpOnly$/),
      ])
    })

    test.each(['unfetched-fail-close', 'unfetched-fail-reload'])(
      '%s: every request is denied',
      async (name) => {
        await using set = await runSet({ binary, set: name })
        expect(await plain(set)).toBe(403)
        expect(set.replicas.all.flatMap(({ log }) => log)).toEqual([])
      },
    )
  })
})
