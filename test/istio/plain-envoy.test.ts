/** manifests/envoy/envoy.yaml, run as it stands but for addresses. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { POD_NAMES } from '../../demo/replica.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest, seen } from '../envoy/raw-request.ts'
import { runBootstrap, type Golden } from './golden.ts'

inEnvoy(({ binary }) => {
  test('a plain Envoy keeps sessions on their pods, and counts them by instance', async () => {
    const bootstrap = parse(readFileSync('manifests/envoy/envoy.yaml', 'utf8')) as Golden
    await using envoy = await runBootstrap(bootstrap, { binary })
    const first = await rawRequest(envoy.port, ['x-mooring-key', 'chosen'])
    expect(first.setCookie).toEqual([
      expect.stringMatching(/^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    expect(seen(first, 'x-mooring-key')).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
    const cookie = first.setCookie[0]?.split(';')[0] ?? ''
    for (let request = 0; request < 10; request += 1) {
      expect((await rawRequest(envoy.port, ['cookie', cookie])).echo?.pod).toBe(first.echo?.pod)
    }
    const pods = new Set<string | undefined>()
    for (let client = 0; client < 30; client += 1) {
      pods.add((await rawRequest(envoy.port, ['cookie', `ISTIOID=client-${client}`])).echo?.pod)
    }
    expect(pods).toEqual(new Set(POD_NAMES))
    await expect
      .poll(() => envoy.envoy.admin('/stats/prometheus?filter=mooring_session_minted'), { timeout: 10_000 })
      .toContain('\nmooring_session_minted{wasm_filter="default"} 1\n')
  })
})
