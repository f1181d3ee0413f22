import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Echo } from '../../demo/replica.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'

const KEY = 'x-mooring-key'

/** Sends raw header lines, repeated ones included, and returns what reached the pod. */
async function echoOf(port: number, path: string, headers: readonly string[]): Promise<Echo> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, headers: ['host', 'test.com', ...headers] },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => {
          resolve(JSON.parse(body) as Echo)
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

const valuesOf = ({ headers }: Echo) => headers.filter(([name]) => name === KEY).map(([, value]) => value)

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
      const echo = await echoOf(gateway.port, '/', ['x-user', 'alice', KEY, 'chosen', KEY, 'twice'])
      expect(valuesOf(echo)).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
    })

    test('where no source yields a key, none arrives', async () => {
      expect(valuesOf(await echoOf(gateway.port, '/', [KEY, 'chosen']))).toEqual([])
    })

    test('where a rule skips, none arrives either', async () => {
      const echo = await echoOf(gateway.port, '/static/logo.png', ['x-user', 'alice', KEY, 'chosen'])
      expect(valuesOf(echo)).toEqual([])
    })

    test('whatever the case of its name', async () => {
      expect(valuesOf(await echoOf(gateway.port, '/', ['X-Mooring-Key', 'chosen']))).toEqual([])
    })
  })

  test('a key that is skipped at the top is removed all the same', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: { session: {}, key: { header: KEY, skip: true } },
    })
    expect(valuesOf(await echoOf(gateway.port, '/', [KEY, 'chosen']))).toEqual([])
  })

  test('in shadow mode nothing on the wire changes: no cookie, no key, and what was sent arrives', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: { mode: 'shadow', session: {}, key: { header: KEY, from: ['session'] } },
    })
    const { headers } = await echoOf(gateway.port, '/', [KEY, 'chosen'])
    expect(headers.filter(([name]) => name === KEY || name === 'cookie')).toEqual([[KEY, 'chosen']])
  })
})
