import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, oneConnection, type Exchange } from '../../demo/client.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { createIssuer, type Issuer } from './jwt-authn.ts'

const KEY = 'x-mooring-key'

/** One request by somebody without cookies, over a connection of its own. */
async function visit(port: number, headers: Record<string, string>): Promise<Exchange> {
  const agent = oneConnection()
  try {
    return await new Client({ name: 'visitor', port, agent }).get(headers)
  } finally {
    agent.destroy()
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const keysOf = ({ echo }: Exchange) =>
  echo?.headers.filter(([name]) => name === KEY).map(([, value]) => value)

inEnvoy(({ binary }) => {
  describe('with verified claims, as a RequestAuthentication leaves them', () => {
    let issuer: Issuer
    let gateway: TestGateway

    beforeAll(async () => {
      issuer = await createIssuer()
      gateway = await startGateway({
        binary,
        jwtAuthn: issuer.jwtAuthn,
        pluginConfig: { key: { header: KEY, from: [{ claim: 'sub' }] } },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test('one user reaches one pod from any connection, without a cookie', async () => {
      const users = Array.from({ length: 12 }, (_, index) => `user-${index}`)
      const pods = await Promise.all(
        users.map(async (sub) => {
          const visits = []
          // A new token for each visit: what is hashed is the claim, not the token.
          for (let count = 0; count < 5; count += 1) {
            visits.push(await visit(gateway.port, bearer(await issuer.sign({ sub, visit: count }))))
          }
          expect(new Set(visits.map(({ connection }) => connection)).size).toBe(5)
          expect(visits.flatMap(({ setCookie }) => setCookie)).toEqual([])
          return [...new Set(visits.map(({ echo }) => echo?.pod))]
        }),
      )
      expect(pods.map(({ length }) => length)).toEqual(users.map(() => 1))
    })

    test('users spread over all pods', async () => {
      const pods = await Promise.all(
        Array.from({ length: 60 }, async (_, index) =>
          visit(gateway.port, bearer(await issuer.sign({ sub: `spread-${index}` }))),
        ),
      )
      expect(new Set(pods.map(({ echo }) => echo?.pod)).size).toBe(3)
    })

    test('the key of sub alice is the one that the documentation gives', async () => {
      const alice = await visit(gateway.port, bearer(await issuer.sign({ sub: 'alice' })))
      expect(keysOf(alice)).toEqual(['7et1cHcxWytRV6Zdd9hnHA'])
    })

    test('without a token there is no key, and the request is answered', async () => {
      const nobody = await visit(gateway.port, {})
      expect(nobody.status).toBe(200)
      expect(keysOf(nobody)).toEqual([])
    })

    test('a token that does not verify never reaches a pod', async () => {
      const forged = await (await createIssuer()).sign({ sub: 'alice' })
      expect((await visit(gateway.port, bearer(forged))).status).toBe(401)
    })

    test('a client cannot claim to be alice by sending her key', async () => {
      const mallory = await visit(gateway.port, { [KEY]: '7et1cHcxWytRV6Zdd9hnHA' })
      expect(keysOf(mallory)).toEqual([])
    })
  })

  describe('claims of every type', () => {
    // The vectors of docs/keys.md, from claims that a real jwt_authn handed over.
    test.each([
      ['a number', { claim: { name: 'uid', type: 'number' } }, { uid: 42 }, 'QqHetCYUxytSwiOlJ2WeIQ'],
      ['a list', { claim: { name: 'aud', type: 'list' } }, { aud: ['a', 'bc'] }, 'gkKX0cdG2UT-NAnnesDbfw'],
    ])('%s has the key that the documentation gives', async (_, source, claims, key) => {
      const issuer = await createIssuer()
      await using gateway = await startGateway({
        binary,
        jwtAuthn: issuer.jwtAuthn,
        pluginConfig: { key: { header: KEY, from: [source] } },
      })
      expect(keysOf(await visit(gateway.port, bearer(await issuer.sign(claims))))).toEqual([key])
    })

    test('a boolean and a nested claim have keys; a claim of another type, null or empty has none', async () => {
      const issuer = await createIssuer()
      await using gateway = await startGateway({
        binary,
        jwtAuthn: issuer.jwtAuthn,
        pluginConfig: {
          key: {
            header: KEY,
            from: [{ claim: { name: 'admin', type: 'boolean' } }, { claim: { name: ['realm', 'tenant'] } }],
          },
        },
      })
      const keyOf = async (claims: Record<string, unknown>) =>
        keysOf(await visit(gateway.port, bearer(await issuer.sign(claims))))
      const admin = await keyOf({ admin: true })
      const tenant = await keyOf({ realm: { tenant: 'acme' } })
      expect([...(admin ?? []), ...(tenant ?? [])]).toEqual([
        expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
        expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      ])
      expect(await keyOf({ admin: false })).not.toEqual(admin)
      expect(await keyOf({ realm: { tenant: 'other' } })).not.toEqual(tenant)
      for (const claims of [
        { admin: 'yes', realm: { tenant: 7 } },
        { admin: null, realm: null },
        { realm: { tenant: '' } },
        { realm: { tenant: ['acme'] } },
        { 'realm.tenant': 'acme' },
      ]) {
        expect(await keyOf(claims)).toEqual([])
      }
    })
  })

  describe('with a claim first and the session second', () => {
    let issuer: Issuer
    let gateway: TestGateway

    beforeAll(async () => {
      issuer = await createIssuer()
      gateway = await startGateway({
        binary,
        jwtAuthn: issuer.jwtAuthn,
        pluginConfig: { session: {}, key: { header: KEY, from: [{ claim: 'sub' }, 'session'] } },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test('a user has the same key on every device, whatever session each has', async () => {
      const phone = await visit(gateway.port, bearer(await issuer.sign({ sub: 'alice' })))
      const laptop = await visit(gateway.port, bearer(await issuer.sign({ sub: 'alice' })))
      expect(keysOf(phone)).toEqual(['7et1cHcxWytRV6Zdd9hnHA'])
      expect(keysOf(laptop)).toEqual(keysOf(phone))
      expect(phone.setCookie).not.toEqual(laptop.setCookie)
    })

    test('somebody without a token is moored by the session', async () => {
      const agent = oneConnection()
      const guest = new Client({ name: 'guest', port: gateway.port, agent })
      const first = await guest.get()
      const second = await guest.get()
      agent.destroy()
      expect(keysOf(first)).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
      expect(keysOf(second)).toEqual(keysOf(first))
      expect(second.echo?.pod).toBe(first.echo?.pod)
    })
  })
})
