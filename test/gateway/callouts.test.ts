/** Callouts of a filter in the gateway: the example of docs/host.md asks `auth` whether a request may pass. */
import { beforeAll, expect, test } from 'vitest'
import { Gateway } from '../../host/gateway/index.ts'
import { compileExample } from '../host/doc-examples.ts'
import { type Answer, ask, latch, startApp, valuesOf } from './app.ts'

let module: Uint8Array
beforeAll(async () => {
  module = await compileExample('asking')
})

async function guarded(app: string, auth: string): Promise<Gateway> {
  return Gateway.start({
    filters: [{ name: 'asking', module }],
    virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
    clusters: [
      { name: 'app', endpoints: [{ address: app }] },
      { name: 'auth', endpoints: auth === '' ? [] : [{ address: auth }] },
    ],
  })
}

const answering =
  (status: number): Answer =>
  (_request, response) => {
    response.statusCode = status
    response.end()
  }

test('a request waits for the answer, and goes on with its body', async () => {
  await using app = await startApp((request, response) => response.end(`got ${request.body}`))
  await using auth = await startApp(answering(204))
  await using gateway = await guarded(app.address, auth.address)
  expect(await ask(gateway.url, { method: 'POST', body: 'hello' })).toMatchObject({
    status: 200,
    body: 'got hello',
  })
  const [question] = auth.received
  expect(question).toMatchObject({ method: 'GET', path: '/check' })
  expect(valuesOf(question ?? { headers: [] }, 'host')).toEqual(['auth'])
})

test('a request is answered by the filter when it may not pass', async () => {
  await using app = await startApp()
  await using auth = await startApp(answering(403))
  await using gateway = await guarded(app.address, auth.address)
  expect(await ask(gateway.url)).toMatchObject({ status: 403, body: 'not you' })
  expect(app.received).toEqual([])
  expect(gateway.stats()).toContain('cluster.auth.upstream_rq_total: 1')
})

test.each([
  ['there is no host', ''],
  ['nothing listens there', '127.0.0.1:1'],
])('the filter hears of it when %s', async (_what, auth) => {
  await using app = await startApp()
  await using gateway = await guarded(app.address, auth)
  expect(await ask(gateway.url)).toMatchObject({ status: 403, body: 'not you' })
})

test('the filter’s own timeout ends the wait, and the call', async () => {
  const { opened: gone, open } = latch()
  await using app = await startApp()
  await using auth = await startApp((_request, response) => response.once('close', open))
  await using gateway = await guarded(app.address, auth.address)
  expect(await ask(gateway.url)).toMatchObject({ status: 403, body: 'not you' })
  await gateway.close()
  await gone
})

test('a gateway closes while a filter waits', async () => {
  const { opened: asked, open } = latch()
  await using app = await startApp()
  await using auth = await startApp(() => {
    open()
  })
  const gateway = await guarded(app.address, auth.address)
  const answer = ask(gateway.url).catch(() => 'cut')
  await asked
  await gateway.close()
  expect(await answer).toMatchObject({ status: 403 })
})
