/** Keys from what is asked for, over HTTP/1 and HTTP/2, as they reach a pod behind a real Envoy. */
import { type ClientHttp2Session, type OutgoingHttpHeaders, connect } from 'node:http2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, oneConnection } from '../../demo/client.ts'
import type { Echo } from '../../demo/replica.ts'
import { allNode, listNode, plainKey, textNode } from '../filter/reference-key.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'

const KEY = 'x-mooring-key'
const CARTS = '/carts/{cart}/**'
const CALL = '/shop.v1.Carts/GetItem'

const GRPC_KEY = plainKey(
  allNode(textNode('grpc:service', 'shop.v1.Carts'), textNode('grpc:method', 'GetItem')),
)
const HOST_KEY = plainKey(allNode(textNode('authority', 'test.com'), textNode('method', 'GET')))

function keysOf(echo: Echo | undefined): string[] {
  return (echo?.headers ?? []).filter(([name]) => name === KEY).map(([, value]) => value)
}

async function overHttp1(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<string[]> {
  const agent = oneConnection()
  try {
    const { echo } = await new Client({ name: 'one', port, agent, path }).get(headers)
    return keysOf(echo)
  } finally {
    agent.destroy()
  }
}

/** One request over an HTTP/2 connection that is there already. */
async function overHttp2(session: ClientHttp2Session, headers: OutgoingHttpHeaders): Promise<string[]> {
  const stream = session.request({ ':authority': 'test.com', ...headers }, { endStream: true })
  let body = ''
  for await (const piece of stream.setEncoding('utf8')) body += String(piece)
  return keysOf(JSON.parse(body) as Echo)
}

inEnvoy(({ binary }) => {
  describe('with sources that read what is asked for', () => {
    let gateway: TestGateway
    let session: ClientHttp2Session

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        pluginConfig: {
          key: {
            header: KEY,
            from: [
              { path: CARTS },
              { path: '/{tenant}/users/{user}' },
              { all: [{ grpc: 'service' }, { grpc: 'method' }] },
              { all: ['authority', 'method'] },
            ],
          },
        },
      })
      session = connect(`http://127.0.0.1:${gateway.port}`)
    })

    afterAll(async () => {
      session.destroy()
      await gateway[Symbol.asyncDispose]()
    })

    const paths: [path: string, key: string][] = [
      ['/carts/7', plainKey(textNode(`path:${CARTS}`, '7'))],
      ['/carts/7/items?sort=up', plainKey(textNode(`path:${CARTS}`, '7'))],
      ['//carts/./%37', plainKey(textNode(`path:${CARTS}`, '7'))],
      ['/carts/./x/../%37', plainKey(textNode(`path:${CARTS}`, '7'))],
      ['/acme/users/al%c3%a9', plainKey(listNode('path:/{tenant}/users/{user}', ['acme', 'al%C3%A9']))],
      ['/carts/7;v=1', HOST_KEY],
      ['/carts/7%2Fitems', HOST_KEY],
      ['/', HOST_KEY],
    ]

    test.each(paths)('%s has one key over HTTP/1 and HTTP/2', async (path, key) => {
      expect(await overHttp1(gateway.port, path)).toEqual([key])
      expect(await overHttp2(session, { ':path': path })).toEqual([key])
    })

    test('a gRPC call has a key of its service and method', async () => {
      const headers = { ':method': 'POST', ':path': CALL, te: 'trailers' }
      expect(await overHttp2(session, { ...headers, 'content-type': 'application/grpc' })).toEqual([GRPC_KEY])
      expect(await overHttp2(session, { ...headers, 'content-type': 'application/grpc+proto' })).toEqual([
        GRPC_KEY,
      ])
    })

    test('the same path without the content type of gRPC is no call', async () => {
      expect(await overHttp2(session, { ':path': CALL, 'content-type': 'application/json' })).toEqual([
        HOST_KEY,
      ])
      expect(await overHttp1(gateway.port, CALL)).toEqual([HOST_KEY])
    })
  })
})
