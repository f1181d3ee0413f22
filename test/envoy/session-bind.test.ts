/** `key.bind: session`: the first key that a session gets stays with it until the session ends. */
import { expect, test } from 'vitest'
import type { Responder } from '../../demo/replica.ts'
import { plainKey, textNode } from '../filter/reference-key.ts'
import { ENVIRONMENT, K2 } from '../session/keys.ts'
import { idOf, readToken, tokenOf } from '../session/token.ts'
import { startGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { createIssuer } from './jwt-authn.ts'
import { rawRequest, seen } from './raw-request.ts'
import {
  ABSOLUTE,
  IDLE,
  MINUTE,
  SCOPE,
  cookieOf,
  countersAt,
  sessionSeen,
  sessionsSet,
  signing,
} from './signed.ts'
import { WEBSOCKET, acceptUpgrade, upgrade } from './upgrade.ts'

const KEY = 'x-mooring-key'

/** An upgrade's answer names the pod and the key it saw; everything else is the echo. */
const respond: Responder = (message, _response, { pod, headers }) => {
  if (message.headers.upgrade === undefined) return false
  const key = headers.find(([name]) => name === KEY)?.[1] ?? ''
  acceptUpgrade(message.socket, { 'x-pod': pod, 'x-key': key })
  return true
}

inEnvoy(({ binary }) => {
  test('a session keeps its key through login, WebSocket and logout; the next one gets its own', async () => {
    const issuer = await createIssuer()
    await using gateway = await startGateway({
      binary,
      env: ENVIRONMENT,
      respond,
      jwtAuthn: issuer.jwtAuthn,
      connectionManager: WEBSOCKET,
      pluginConfig: {
        session: { signing: signing(K2) },
        key: { from: [{ claim: 'sub' }, 'session'], bind: 'session' },
      },
    })
    const login = ['authorization', `Bearer ${await issuer.sign({ sub: 'alice' })}`]
    const alice = plainKey(textNode('claim:/sub', 'alice'))
    const visit = async (headers: string[]) => {
      const answer = await rawRequest(gateway.port, headers)
      return { answer, key: seen(answer, KEY), pod: answer.echo?.pod, set: sessionsSet(answer) }
    }

    // Somebody without a login: the key is the session's, and the token holds it.
    const first = await visit([])
    const [begun] = first.set
    const bound = first.key[0] ?? ''
    expect(begun?.token?.bound).toEqual(Buffer.from(bound, 'base64url'))
    expect(bound).not.toBe(alice)
    const session = cookieOf(begun?.value ?? '')

    // With the login the claim would win, and a WebSocket, an image and a logout have no claim at all.
    for (const headers of [[...session, ...login], session, [...session, ...login], session]) {
      const { key, pod, set } = await visit(headers)
      expect({ key, pod, set }).toEqual({ key: [bound], pod: first.pod, set: [] })
    }
    const upgraded = await upgrade(gateway.port, { cookie: session[1] ?? '', authorization: login[1] ?? '' })
    expect(upgraded.statusCode).toBe(101)
    expect([upgraded.headers['x-pod'], upgraded.headers['x-key']]).toEqual([first.pod, bound])
    expect(upgraded.headers['set-cookie']).toBeUndefined()

    // Renewal keeps it.
    const { token } = begun ?? {}
    if (token === undefined) throw new Error('no token was set')
    const older = (age: number) =>
      cookieOf(tokenOf(K2, SCOPE, { ...token, birth: token.birth - age, issued: token.issued - age }))
    const renewed = await visit([...older(IDLE / 2 + MINUTE), ...login])
    expect(renewed.key).toEqual([bound])
    expect(renewed.set.map(({ token }) => token?.bound)).toEqual([token.bound])

    // The session that follows an expired one is another: now the login decides.
    const next = await visit([...older(ABSOLUTE + 2 * MINUTE), ...login])
    expect(next.key).toEqual([alice])
    expect(next.set.map(({ token }) => token?.bound)).toEqual([Buffer.from(alice, 'base64url')])
    expect(sessionSeen(next.answer)).not.toBe(idOf(begun?.value ?? ''))
    expect((await visit(cookieOf(next.set[0]?.value ?? ''))).key).toEqual([alice])

    // A session from before bind was configured gets its key with its next request, once.
    const unbound = tokenOf(K2, SCOPE, { ...token, bound: undefined })
    const binding = await visit([...cookieOf(unbound), ...login])
    expect([binding.key, binding.set.map(({ value }) => readToken(value)?.bound)]).toEqual([
      [alice],
      [Buffer.from(alice, 'base64url')],
    ])
    expect((await visit(cookieOf(binding.set[0]?.value ?? ''))).key).toEqual([alice])

    expect(await countersAt(gateway.envoy, 11)).toMatchObject({
      requests: 11,
      key_bound: 8,
      key_claim: 2,
      key_session: 1,
    })
  })
})
