import { expect, test } from 'vitest'
import { EnvoyProcess, EnvoyStartError } from '../../tools/envoy-process.ts'
import { inEnvoy } from './in-envoy.ts'

const idle = {
  node: { id: 'test', cluster: 'test' },
  admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

inEnvoy(({ binary, version }) => {
  test('an Envoy that was started answers its admin, and is gone after stop', async () => {
    const envoy = await EnvoyProcess.start({ binary, bootstrap: idle })
    expect(JSON.parse(await envoy.admin('/server_info'))).toMatchObject({ state: 'LIVE' })
    expect(await envoy.admin('/server_info')).toContain(version)
    expect((await envoy.stats('^server.live$')).get('server.live')).toBe(1)
    expect(isRunning(envoy.pid)).toBe(true)
    await envoy.stop()
    expect(isRunning(envoy.pid)).toBe(false)
    await envoy.stop()
  })

  test('a listener that is not there is named, beside those that are', async () => {
    await using envoy = await EnvoyProcess.start({ binary, bootstrap: idle })
    await expect(envoy.port('ingress')).rejects.toThrow('no listener "ingress"; there are: ')
  })

  test('a bootstrap that Envoy refuses is an error with its log', async () => {
    const start = EnvoyProcess.start({ binary, bootstrap: { ...idle, no_such_field: {} } })
    const error: unknown = await start.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EnvoyStartError)
    expect(error).toMatchObject({
      code: 'envoy_exited',
      log: expect.stringContaining('no_such_field') as string,
    })
  })
})
