import { expect, test } from 'vitest'
import { Client, oneConnection } from '../../demo/client.ts'
import { EnvoyStartError } from '../../tools/envoy-process.ts'
import { startGateway, type GatewayOptions } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'

/** Two mistakes at once: an unknown field, and a number where a string is expected. */
const BAD = { session: { cookie: { nmae: 'ISTIOID', path: 7 } } }

async function refusal(options: GatewayOptions): Promise<EnvoyStartError> {
  try {
    const gateway = await startGateway(options)
    await gateway[Symbol.asyncDispose]()
  } catch (error) {
    if (error instanceof EnvoyStartError) return error
    throw error
  }
  throw new Error('Envoy started')
}

inEnvoy(({ binary }) => {
  test('Envoy does not start with a bad configuration, and its log says everything that is wrong', async () => {
    const error = await refusal({ binary, pluginConfig: BAD })
    expect(error.code).toBe('envoy_exited')
    expect(error.log).toContain('unknown_field at /session/cookie/nmae: not known here; did you mean name?')
    expect(error.log).toContain('quoted_string_expected at /session/cookie/path: ')
    expect(error.log).toContain('Unable to create Wasm plugin istio-system.mooring')
  })

  test('Envoy does not start without anything to do', async () => {
    const error = await refusal({ binary, pluginConfig: { version: 1 } })
    expect(error.code).toBe('envoy_exited')
    expect(error.log).toContain('Unable to create Wasm plugin istio-system.mooring')
  })

  test('with passThrough it starts, says everything that is wrong, and lets requests pass untouched', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: BAD,
      env: { MOORING_ON_BAD_CONFIG: 'passThrough' },
    })
    expect(gateway.envoy.log).toContain(
      'unknown_field at /session/cookie/nmae: not known here; did you mean name?',
    )
    const agent = oneConnection()
    const exchange = await new Client({ name: 'visitor', port: gateway.port, agent }).get({
      'x-mooring-key': 'chosen',
    })
    agent.destroy()
    expect(exchange.status).toBe(200)
    expect(exchange.setCookie).toEqual([])
    expect(exchange.echo?.headers.filter(([name]) => name === 'x-mooring-key' || name === 'cookie')).toEqual(
      [],
    )
  })
})
