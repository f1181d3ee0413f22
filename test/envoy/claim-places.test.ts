/** Claims from elsewhere than jwt_authn's default place: from other metadata, and from tokens that nobody verifies. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, oneConnection } from '../../demo/client.ts'
import { HASH_SECRET } from '../filter/mooring.ts'
import { keyedKey, listNode, numberNode, plainKey, textNode } from '../filter/reference-key.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { createIssuer, type Issuer } from './jwt-authn.ts'

const KEY = 'x-mooring-key'

/** The keys that reach the pod with one request over a connection of its own. */
async function keysOf(port: number, headers: Record<string, string>, path = '/'): Promise<string[]> {
  const agent = oneConnection()
  try {
    const { status, echo } = await new Client({ name: 'visitor', port, agent, path }).get(headers)
    expect(status).toBe(200)
    return (echo?.headers ?? []).filter(([name]) => name === KEY).map(([, value]) => value)
  } finally {
    agent.destroy()
  }
}

inEnvoy(({ binary }) => {
  describe('with tokens that no filter verifies', () => {
    const unverified = (name: string, fields: object) => ({ claim: { name, token: 'unverified', ...fields } })
    const key = (node: Buffer): string[] => [keyedKey(node, HASH_SECRET)]
    let gateway: TestGateway
    let issuer: Issuer

    beforeAll(async () => {
      issuer = await createIssuer()
      gateway = await startGateway({
        binary,
        env: { MOORING_HASH_SECRET: HASH_SECRET },
        pluginConfig: {
          key: {
            header: KEY,
            hashSecret: { env: 'MOORING_HASH_SECRET' },
            from: [
              unverified('sub', {}),
              unverified('uid', { type: 'number', in: { query: 'id_token' } }),
              unverified('groups', { type: 'list', in: { cookie: 'jwt' } }),
            ],
          },
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test('one in authorization gives the key that the documentation gives', async () => {
      const token = await issuer.sign({ sub: 'alice' })
      const headers = { authorization: `Bearer ${token}` }
      expect(await keysOf(gateway.port, headers)).toEqual(key(textNode('unverified-claim:/sub', 'alice')))
    })

    test('so does one in the query', async () => {
      const token = await issuer.sign({ uid: 42 })
      const path = `/?a=1&id_token=${token}`
      expect(await keysOf(gateway.port, {}, path)).toEqual(key(numberNode('unverified-claim:/uid', 42)))
    })

    test('so does one in a cookie', async () => {
      const token = await issuer.sign({ groups: ['a', 'bc'] })
      expect(await keysOf(gateway.port, { cookie: `theme=dark; jwt=${token}` })).toEqual(
        key(listNode('unverified-claim:/groups', ['a', 'bc'])),
      )
    })

    test('one that anybody else signed gives the same: nothing is verified', async () => {
      const token = await (await createIssuer()).sign({ sub: 'alice' })
      const headers = { authorization: `Bearer ${token}` }
      expect(await keysOf(gateway.port, headers)).toEqual(key(textNode('unverified-claim:/sub', 'alice')))
    })

    test('what is no token gives none', async () => {
      const token = await issuer.sign({ sub: 'alice' })
      for (const authorization of [token, `Bearer ${token}.`, `Basic ${token}`, 'Bearer a.b.c']) {
        expect(await keysOf(gateway.port, { authorization })).toEqual([])
      }
    })
  })

  describe('with verified claims under a name of their own', () => {
    test('metadata finds them, and they have a label of their own', async () => {
      const issuer = await createIssuer('other')
      await using gateway = await startGateway({
        binary,
        jwtAuthn: issuer.jwtAuthn,
        pluginConfig: {
          key: {
            header: KEY,
            from: [
              { claim: 'sub' },
              { claim: { name: 'sub', metadata: ['envoy.filters.http.jwt_authn', 'other'] } },
            ],
          },
        },
      })
      const headers = { authorization: `Bearer ${await issuer.sign({ sub: 'alice' })}` }
      expect(await keysOf(gateway.port, headers)).toEqual([
        plainKey(textNode('metadata:/envoy.filters.http.jwt_authn/other/sub', 'alice')),
      ])
    })
  })
})
