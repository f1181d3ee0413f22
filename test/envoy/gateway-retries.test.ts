/** A retry policy makes the embedded gateway do what it makes an Envoy do. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Gateway } from '../../host/gateway/index.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import {
  RETRY_SCENARIOS,
  type RetryBench,
  type RetryOutcome,
  startRetryBench,
  statsOf,
} from '../gateway/retry-scenarios.ts'
import { inEnvoysWords } from './gateway-in-envoys-words.ts'
import { inEnvoy } from './in-envoy.ts'

/** Envoy 1.36.4 tells clients the operating system's reason, too. */
function withoutReason(outcome: RetryOutcome): RetryOutcome {
  const reason = ', transport failure reason: delayed connect error: Connection refused'
  return { ...outcome, body: outcome.body.replace(reason, '') }
}

inEnvoy(({ binary, version }) => {
  let bench: RetryBench
  let gateway: Gateway
  let envoy: EnvoyProcess
  let ingress: string
  beforeAll(async () => {
    bench = await startRetryBench()
    gateway = await Gateway.start(bench.config)
    envoy = await EnvoyProcess.start({ binary, bootstrap: inEnvoysWords(bench.config) })
    ingress = `http://127.0.0.1:${await envoy.port('ingress')}`
  })
  afterAll(async () => {
    await envoy.stop()
    await gateway.close()
    await bench[Symbol.asyncDispose]()
  })

  test.each(RETRY_SCENARIOS)('the gateway tries as this Envoy does: $name', async (scenario) => {
    const here = await bench.run(ingress, scenario, () => envoy.stats(`^cluster\\.${scenario.name}\\.`))
    const inGateway = await bench.run(gateway.url, scenario, () => Promise.resolve(statsOf(gateway)))
    expect(inGateway).toEqual(version === '1.36.4' ? withoutReason(here) : here)
  })
})
