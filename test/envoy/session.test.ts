import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, seen } from './raw-request.ts'

const MINTED = /^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/

inEnvoy(({ binary }) => {
  describe('the session cookie, with the DestinationRule of the seed', () => {
    let gateway: TestGateway

    beforeAll(async () => {
      gateway = await startGateway({ binary, destinationRule: 'seed/destination-rule.yaml' })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test.each([
      ['a value that the application chose', 'ISTIOID=app-session-1', 'ISTIOID=app-session-1'],
      ["Envoy's own, without its quotes", 'ISTIOID="8586de394b18db01"', 'ISTIOID=8586de394b18db01'],
      ['after other cookies', 'theme=dark; ISTIOID=abc; lang=en', 'theme=dark; ISTIOID=abc; lang=en'],
    ])('a well-formed one is kept: %s', async (_, cookie, kept) => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => rawRequest(gateway.port, ['cookie', cookie])),
      )
      expect(answers.flatMap(({ setCookie }) => setCookie)).toEqual([])
      expect(answers.map((answer) => seen(answer, 'cookie'))).toEqual(answers.map(() => [kept]))
      expect(new Set(answers.map(({ echo }) => echo?.pod)).size).toBe(1)
    })

    test.each([
      ['empty', 'ISTIOID='],
      ['too long', `ISTIOID=${'a'.repeat(129)}`],
      ['with a byte that no cookie may have', 'ISTIOID=a"b'],
    ])('one that is %s is replaced, for the pod as for the client', async (_, cookie) => {
      const answer = await rawRequest(gateway.port, ['cookie', `theme=dark; ${cookie}`])
      expect(answer.setCookie).toEqual([expect.stringMatching(MINTED)])
      const pair = answer.setCookie[0]?.split(';')[0] ?? ''
      expect(seen(answer, 'cookie')).toEqual([`theme=dark; ${pair}`])

      const later = await rawRequest(gateway.port, ['cookie', `theme=dark; ${pair}`])
      expect(later.echo?.pod).toBe(answer.echo?.pod)
      expect(later.setCookie).toEqual([])
    })

    test('it is found in a second Cookie line, and no cookie of the first is lost', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () =>
          rawRequest(gateway.port, ['cookie', 'theme=dark', 'cookie', 'ISTIOID=abc']),
        ),
      )
      expect(answers.flatMap(({ setCookie }) => setCookie)).toEqual([])
      expect(new Set(answers.map(({ echo }) => echo?.pod)).size).toBe(1)
      for (const answer of answers) {
        expect(seen(answer, 'cookie').join('; ')).toBe('theme=dark; ISTIOID=abc')
      }
    })

    test("an answer of the proxy's own sets no cookie: no pod has seen the session yet", async () => {
      const answer = await rawRequest(gateway.port, [], { host: 'unknown.example.com' })
      expect(answer).toMatchObject({ status: 404, setCookie: [], echo: undefined })
    })
  })

  test('sessions are counted where Prometheus looks', async () => {
    await using gateway = await startGateway({ binary })
    const first = await rawRequest(gateway.port, [])
    await rawRequest(gateway.port, ['cookie', first.setCookie[0]?.split(';')[0] ?? ''])
    await rawRequest(gateway.port, ['cookie', 'ISTIOID='])

    const counted = async () =>
      Object.fromEntries(
        [...(await gateway.envoy.stats('mooring_'))]
          .filter(([, value]) => value > 0)
          .map(([name, value]) => [name.replace('wasmcustom.wasm_filter.default.mooring_', ''), value]),
      )
    // Workers hand their counts over once a second.
    const deadline = Date.now() + 20_000
    while ((await counted())['requests'] !== 3 && Date.now() < deadline) await sleep(50)
    expect(await counted()).toEqual({
      requests: 3,
      session_minted: 1,
      session_minted_insecure: 2,
      session_valid: 1,
      session_replaced: 1,
      cookie_set: 2,
      key_session: 3,
    })
  })
})
