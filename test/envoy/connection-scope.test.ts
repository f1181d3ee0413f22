/** Sessions of one connection, over HTTP/1.1 and HTTP/2, where Envoy tells connections apart. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:http2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'

/** A client that keeps one connection. */
interface Connection extends Disposable {
  /** The id that a request without a cookie is given. */
  visit(): Promise<string>
}

function idOf(lines: readonly string[] | undefined): string {
  const [, id = ''] = /^ISTIOID=([A-Za-z0-9_-]{22}); /.exec(lines?.[0] ?? '') ?? []
  expect(id, `of ${String(lines)}`).not.toBe('')
  return id
}

function http1(port: number): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    visit: async () => {
      const sent = request({ host: '127.0.0.1', port, agent, headers: { host: 'test.com' } }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await once(response.resume(), 'end')
      return idOf(response.headers['set-cookie'])
    },
    [Symbol.dispose]: () => {
      agent.destroy()
    },
  }
}

function http2(port: number): Connection {
  const session = connect(`http://127.0.0.1:${port}`)
  return {
    visit: async () => {
      const stream = session.request({ ':path': '/', ':authority': 'test.com' })
      const [response] = (await once(stream, 'response')) as [{ 'set-cookie'?: string[] }]
      await once(stream.resume(), 'end')
      return idOf(response['set-cookie'])
    },
    [Symbol.dispose]: () => {
      session.destroy()
    },
  }
}

const distinct = (values: readonly string[]): number => new Set(values).size

inEnvoy(({ binary }) => {
  describe.each([
    ['HTTP/1.1', http1],
    ['HTTP/2', http2],
  ])('over %s, under mint.scope: connection', (_, open) => {
    let gateway: TestGateway

    beforeAll(async () => {
      gateway = await startGateway({ binary, pluginConfig: { session: { mint: { scope: 'connection' } } } })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test('eight requests of a connection share a session, later ones have their own', async () => {
      using connection = open(gateway.port)
      const ids = []
      for (let i = 0; i < 12; i++) ids.push(await connection.visit())
      expect([distinct(ids.slice(0, 8)), distinct(ids)]).toEqual([1, 5])
    })

    test('two connections share none', async () => {
      using one = open(gateway.port)
      using other = open(gateway.port)
      const ids = [await one.visit(), await other.visit(), await one.visit(), await other.visit()]
      expect([distinct(ids), ids[0] === ids[2], ids[1] === ids[3]]).toEqual([2, true, true])
    })
  })

  test('10,000 requests of one connection share no session under the default scope', async () => {
    await using gateway = await startGateway({ binary })
    using connection = http2(gateway.port)
    const ids = new Set<string>()
    for (let i = 0; i < 100; i++)
      for (const id of await Promise.all(Array.from({ length: 100 }, () => connection.visit()))) ids.add(id)
    expect(ids.size).toBe(10_000)
  })
})
