import { expect, test } from 'vitest'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import type { IngressKind } from '../../demo/ingress.ts'
import { readMesh, withPluginConfig } from '../../demo/mesh.ts'
import { Replicas } from '../../demo/replica.ts'
import { rawRequest, seen } from '../envoy/raw-request.ts'

const KEY = 'x-mooring-key'
const from = (constant: string): object => ({ from: [{ constant }] })

const PLUGIN_CONFIG = {
  key: { ...from('top'), header: KEY, format: 'raw' },
  rules: [
    { name: 'elsewhere', match: { namespaces: ['shop'] }, key: from('elsewhere') },
    { name: 'other', match: { services: ['other.shop.svc.cluster.local'] }, key: from('other') },
    {
      name: 'beta',
      match: {
        services: ['test2-bwce-srv.shop.svc.cluster.local'],
        namespaces: ['istio-system'],
        headers: [{ name: 'X-Beta', exact: '1' }],
        paths: ['/cart/**'],
      },
      key: from('beta'),
    },
    {
      name: 'cart',
      match: { services: ['*.shop.svc.cluster.local'], paths: ['/cart/**'] },
      key: from('cart'),
    },
    { name: 'foreign', match: { headers: [{ name: 'x-beta', present: true }] }, key: from('foreign') },
  ],
}

/** Declares the test that rules see the route's cluster, the proxy's namespace and the request's headers. */
export function promiseRules(kind: IngressKind): void {
  test('a rule decides by the service of the route, the namespace of the proxy and headers', async () => {
    const mesh = withPluginConfig(
      readMesh({ destinationRule: 'destination-rules/http-header-name.yaml' }),
      PLUGIN_CONFIG,
      {},
    )
    await using replicas = await Replicas.start()
    await using ingress = await kind.start(mesh, { wasm: BUILT_FILTER, replicas: replicas.ports })
    const key = async (path: string, ...headers: string[]): Promise<readonly string[]> =>
      seen(await rawRequest(ingress.port, headers, { path }), KEY)

    expect(await key('/cart/7', 'x-beta', '1')).toEqual(['beta'])
    expect(await key('/cart/7', 'X-BETA', '1')).toEqual(['beta'])
    expect(await key('/cart/7')).toEqual(['cart'])
    expect(await key('/cart/7', 'x-beta', '1', 'x-beta', '1')).toEqual(['cart'])
    expect(await key('/', 'x-beta', '1', 'x-beta', '2')).toEqual(['foreign'])
    expect(await key('/')).toEqual(['top'])
  })
}
