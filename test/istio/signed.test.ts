/** Signed sessions as Istio generates them from options/signing, in real Envoys. */
import { describe, expect, test } from 'vitest'
import { Authority, downstreamTls } from '../envoy/certificates.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest, type RequestTls, seen } from '../envoy/raw-request.ts'
import { sessionSeen, sessionsSet } from '../envoy/signed.ts'
import { ENVIRONMENT, K1, STRANGER } from '../session/keys.ts'
import { idOf, readToken, tokenOf, variable } from '../session/token.ts'
import { type Golden, runSet } from './golden.ts'
import { expectMinted, expectSticky, SIGNED, visit } from './visits.ts'

const ATTRIBUTES = ['Path=/', 'HttpOnly', 'SameSite=Lax']
const SECURE_ATTRIBUTES = ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']

const authority = new Authority('ca')
const server = authority.issue({ dns: ['test.com'] })
const tls: RequestTls = { ca: authority.cert }

/** The listener by https, as where the Gateway has a server with `tls`. */
function overTls(golden: Golden): void {
  for (const { filter_chains } of golden.static_resources.listeners)
    for (const chain of filter_chains) Object.assign(chain, { transport_socket: downstreamTls(server) })
}

const cookie = (value: string) => ['cookie', `ISTIOID=${value}`]

inEnvoy(({ binary }) => {
  describe('a session stays on its pod, which sees the bare id from its first request on', () => {
    test.each(['signed', 'signed-hash-cookie'])('%s', async (name) => {
      await using set = await runSet({ binary, set: name })
      const visits = await visit(set)
      expectSticky(visits)
      expectMinted(visits, SIGNED)
      for (const exchanges of visits) {
        const [set] = sessionsSet({ setCookie: exchanges[0]?.setCookie ?? [] })
        expect(exchanges.map(({ echo }) => sessionSeen({ echo }))).toEqual(
          exchanges.map(() => idOf(set?.value ?? '')),
        )
      }
    })
  })

  test('nobody makes one up: what another key signed under the name of ours is replaced', async () => {
    await using set = await runSet({ binary, set: 'signed' })
    const now = Math.floor(Date.now() / 1000)
    const claims = { id: Buffer.alloc(16, 7), birth: now, issued: now }
    const genuine = tokenOf(K1, { name: 'ISTIOID' }, claims)
    const known = await rawRequest(set.port, cookie(genuine))
    expect([known.setCookie, sessionSeen(known)]).toEqual([[], idOf(genuine)])

    const forged = await rawRequest(
      set.port,
      cookie(tokenOf({ ...STRANGER, kid: 'k1' }, { name: 'ISTIOID' }, claims)),
    )
    const [fresh] = sessionsSet(forged)
    expect(idOf(fresh?.value ?? '')).not.toBe(idOf(genuine))
    expect(sessionSeen(forged)).toBe(idOf(fresh?.value ?? ''))
  })

  test('by https the cookie is Secure, and one that was set by http becomes so, once', async () => {
    await using plain = await runSet({ binary, set: 'signed' })
    await using secure = await runSet({ binary, set: 'signed', adjust: overTls })
    const [first] = sessionsSet(await rawRequest(plain.port, []))
    expect([first?.attributes, first?.maxAge, first?.token?.flags]).toEqual([ATTRIBUTES, 1800, 0])

    const again = await rawRequest(secure.port, cookie(first?.value ?? ''), { tls })
    const [upgraded] = sessionsSet(again)
    expect([upgraded?.attributes, upgraded?.token?.flags]).toEqual([SECURE_ATTRIBUTES, 1])
    expect(sessionSeen(again)).toBe(idOf(first?.value ?? ''))
    expect((await rawRequest(secure.port, cookie(upgraded?.value ?? ''), { tls })).setCookie).toEqual([])

    const [born] = sessionsSet(await rawRequest(secure.port, [], { tls }))
    expect([born?.attributes, born?.maxAge, born?.token?.flags]).toEqual([SECURE_ATTRIBUTES, 1800, 1])
  })

  test('the variable of the next key may be missing, that of the first may not', async () => {
    {
      await using set = await runSet({ binary, set: 'signed', env: { MOORING_SIGNING_1: variable(K1) } })
      const [minted] = sessionsSet(await rawRequest(set.port, []))
      expect(readToken(minted?.value ?? '')?.kid).toBe('k1')
      expect(set.envoy.log).not.toContain('secret_missing')
    }
    const without = Object.entries(ENVIRONMENT).filter(([name]) => name !== 'MOORING_SIGNING_1')
    await using set = await runSet({ binary, set: 'signed', env: Object.fromEntries(without) })
    const answer = await rawRequest(set.port, ['x-mooring-key', 'chosen'])
    expect([answer.status, answer.setCookie, seen(answer, 'x-mooring-key')]).toEqual([200, [], []])
    expect(set.envoy.log).toContain('secret_missing at /session/signing/keys/0/env')
  })
})
