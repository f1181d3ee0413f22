import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WasmPlugin } from '../../demo/resources.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, seen } from './raw-request.ts'

const second: WasmPlugin = {
  name: 'second',
  namespace: 'istio-system',
  selector: {},
  phase: 'AUTHZ',
  failStrategy: 'FAIL_OPEN',
  pluginName: 'second',
  env: {},
  configuration: JSON.stringify({
    session: { cookie: { name: 'OTHERID', sameSite: 'Strict' } },
    key: { header: 'x-other-key', from: [{ header: 'x-user' }, 'session'] },
  }),
}

inEnvoy(({ binary }) => {
  describe('two plugins of one image, which Envoy puts into one VM', () => {
    let gateway: TestGateway

    beforeAll(async () => {
      gateway = await startGateway({ binary, morePlugins: [second] })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test('share the VM: there are no more than for one plugin', async () => {
      await using single = await startGateway({ binary })
      const active = async ({ envoy }: TestGateway) =>
        (await envoy.stats('^wasm.envoy.wasm.runtime.v8.active$')).get('wasm.envoy.wasm.runtime.v8.active')
      expect(await active(single)).toBeGreaterThan(0)
      expect(await active(gateway)).toBe(await active(single))
    })

    test('each mints its own cookie, with its own attributes', async () => {
      const { setCookie } = await rawRequest(gateway.port, [])
      expect([...setCookie].sort()).toEqual([
        expect.stringMatching(/^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/),
        expect.stringMatching(/^OTHERID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Strict$/),
      ])
    })

    test('each keeps to its own cookie and its own key, with many requests open at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const cookie = index % 2 === 0 ? `ISTIOID=first-${index}` : `OTHERID=second-${index}`
          return {
            cookie,
            answer: await rawRequest(gateway.port, ['cookie', cookie, 'x-user', `user-${index}`]),
          }
        }),
      )
      for (const { cookie, answer } of answers) {
        const [kept, minted] = cookie.startsWith('ISTIOID') ? ['ISTIOID', 'OTHERID'] : ['OTHERID', 'ISTIOID']
        expect(answer.setCookie.map((line) => line.split('=')[0])).toEqual([minted])
        expect(seen(answer, 'cookie')).toEqual([`${cookie}; ${answer.setCookie[0]?.split(';')[0] ?? ''}`])
        expect(cookie.startsWith(`${kept}=`)).toBe(true)
        expect(seen(answer, 'x-mooring-key')).toHaveLength(1)
        expect(seen(answer, 'x-other-key')).toHaveLength(1)
      }
      const keys = (header: string) => new Set(answers.flatMap(({ answer }) => seen(answer, header)))
      expect(keys('x-mooring-key').size).toBe(40)
      expect(keys('x-other-key').size).toBe(40)
    })
  })
})
