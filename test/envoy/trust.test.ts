import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, seen } from './raw-request.ts'

const KEY = 'x-mooring-key'

inEnvoy(({ binary }) => {
  describe('a client never chooses its own key', () => {
    let gateway: TestGateway

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        pluginConfig: {
          session: {},
          key: { header: KEY, from: [{ header: 'x-user' }] },
          rules: [{ name: 'static', match: { paths: ['/static/**'] }, skip: true }],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test('where Mooring writes a key, its own is the only one', async () => {
      const answer = await rawRequest(gateway.port, ['x-user', 'alice', KEY, 'chosen', KEY, 'twice'])
      expect(seen(answer, KEY)).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
    })

    test('where no source yields a key, none arrives', async () => {
      expect(seen(await rawRequest(gateway.port, [KEY, 'chosen']), KEY)).toEqual([])
    })

    test('where a rule skips, none arrives either', async () => {
      const answer = await rawRequest(gateway.port, ['x-user', 'alice', KEY, 'chosen'], {
        path: '/static/logo.png',
      })
      expect(seen(answer, KEY)).toEqual([])
    })

    test('whatever the case of its name', async () => {
      expect(seen(await rawRequest(gateway.port, ['X-Mooring-Key', 'chosen']), KEY)).toEqual([])
    })
  })

  test('a key that is skipped at the top is removed all the same', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: { session: {}, key: { header: KEY, skip: true } },
    })
    expect(seen(await rawRequest(gateway.port, [KEY, 'chosen']), KEY)).toEqual([])
  })

  test('in shadow mode nothing on the wire changes: no cookie, no key, and what was sent arrives', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: { mode: 'shadow', session: {}, key: { header: KEY, from: ['session'] } },
    })
    const answer = await rawRequest(gateway.port, [KEY, 'chosen'])
    expect(answer.setCookie).toEqual([])
    expect(seen(answer, KEY)).toEqual(['chosen'])
    expect(seen(answer, 'cookie')).toEqual([])
  })
})
