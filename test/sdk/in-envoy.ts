import { setTimeout as sleep } from 'node:timers/promises'

import { WasmEnvoy } from '../envoy/wasm-envoy.ts'
import { type App, ask, startApp } from '../gateway/app.ts'
import {
  APP,
  authAnswer,
  logsOf,
  type Outcome,
  ownHeaders,
  type Run,
  type SdkFilter,
  type SdkRequest,
} from './scenario.ts'

const METRIC_PREFIX = 'wasmcustom.'

/** A filter's run in a real Envoy, which is asked until it has logged as many lines as the host has. */
export async function runInEnvoy(
  binary: string,
  wasm: Uint8Array,
  filter: SdkFilter,
  lines: number,
): Promise<Run> {
  await using app = await startApp(({ body }, response) => {
    response.writeHead(200, APP.headers.flat())
    response.end(APP.body(body))
  })
  await using auth = await startApp(({ path }, response) => {
    const answer = authAnswer(path)
    if (answer === 'hang') return
    response.writeHead(answer.status, answer.headers.flat())
    response.end(answer.body)
  })
  await using gateway = await WasmEnvoy.start({
    binary,
    wasm,
    clusters: { app: portOf(app), auth: portOf(auth) },
    configuration: filter.configuration,
  })
  await sleep(filter.wait ?? 0)
  const outcomes: Outcome[] = []
  for (const request of filter.requests) outcomes.push(await exchange(gateway.port, app, request))

  const deadline = Date.now() + 5_000
  while (logsOf(gateway.logs).streamLogs.length < lines && Date.now() < deadline) await sleep(20)
  const stats = await gateway.envoy.stats(METRIC_PREFIX)
  const metrics = [...stats].map(([name, value]) => [name.slice(METRIC_PREFIX.length), value] as const)
  return { outcomes, ...logsOf(gateway.logs), metrics: Object.fromEntries(metrics) }
}

function portOf({ address }: App): number {
  return Number(address.split(':')[1])
}

async function exchange(
  port: number,
  app: App,
  { path = '/', headers = [], body, method }: SdkRequest,
): Promise<Outcome> {
  const before = app.received.length
  const seen = await ask(`http://127.0.0.1:${port}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: [['host', 'test.com'], ...headers],
    ...(body === undefined ? {} : { body }),
  })
  const received = app.received[before]
  return {
    status: seen.status,
    headers: ownHeaders(seen.headers),
    body: seen.body,
    upstream:
      received === undefined ? undefined : { headers: ownHeaders(received.headers), body: received.body },
  }
}
