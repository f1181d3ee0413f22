import { describe, expect, test } from 'vitest'
import { Gateway, type GatewayConfig, GatewayConfigError } from '../../host/gateway/index.ts'

const module = new Uint8Array()

async function refusal(config: Partial<GatewayConfig>): Promise<string> {
  const clusters = [{ name: 'app', endpoints: [] }]
  try {
    const gateway = await Gateway.start({ clusters, virtualHosts: [], ...config })
    await gateway.close()
    return 'none'
  } catch (error) {
    return error instanceof GatewayConfigError ? `${error.code}: ${error.message}` : String(error)
  }
}

describe('a gateway refuses', () => {
  test('a route to a cluster that is not there', async () => {
    const routes = [{ match: { prefix: '/' }, cluster: 'ap' }]
    expect(await refusal({ virtualHosts: [{ name: 'shop', domains: ['*'], routes }] })).toBe(
      'unknown_cluster: a route of virtual host "shop" goes to "ap", expected one of ["app"]',
    )
  })

  test('a retry condition that it does not know', async () => {
    const retryPolicy = { retryOn: '5xx, resets' }
    const routes = [{ match: { prefix: '/' }, cluster: 'app', retryPolicy }]
    expect(await refusal({ virtualHosts: [{ name: 'shop', domains: ['*'], routes }] })).toBe(
      'unknown_retry_condition: a route of virtual host "shop" is retried on "resets", expected some of ' +
        '["5xx","gateway-error","reset","connect-failure","refused-stream","envoy-ratelimited","retriable-4xx","retriable-status-codes"]',
    )
  })

  test('two clusters of one name', async () => {
    const clusters = [
      { name: 'app', endpoints: [] },
      { name: 'app', endpoints: [] },
    ]
    expect(await refusal({ clusters })).toBe('duplicate_cluster: two clusters are named "app": rename one')
  })

  test('two filters of one name', async () => {
    const filters = [
      { name: 'a', module },
      { name: 'a', module },
    ]
    expect(await refusal({ filters })).toBe('duplicate_filter: two filters are named "a": rename one')
  })

  test('one domain in two virtual hosts, in any case', async () => {
    const virtualHosts = [
      { name: 'one', domains: ['Test.com'], routes: [] },
      { name: 'two', domains: ['test.com'], routes: [] },
    ]
    expect(await refusal({ virtualHosts })).toBe(
      'duplicate_domain: virtual hosts "one" and "two" both have the domain "test.com": only one may',
    )
  })

  test.each(['127.0.0.1', '::1:80', 'localhost:', '[::1]'])(
    'an endpoint without a clear port: %s',
    async (address) => {
      expect(await refusal({ clusters: [{ name: 'app', endpoints: [{ address }] }] })).toBe(
        `bad_endpoint_address: an endpoint of cluster "app" is "${address}", expected ip:port or [ipv6]:port`,
      )
    },
  )

  test('a balancer that Envoy would refuse', async () => {
    const clusters = [{ name: 'app', endpoints: [], loadBalancer: { maglev: { tableSize: 8 } } }]
    expect(await refusal({ clusters })).toBe(
      'EnvoyModelError: tableSize is 8, but must be a prime, as 65537 is',
    )
  })

  test('an address that cannot be listened on', async () => {
    expect(await refusal({ listener: { host: '192.0.2.1' } })).toContain('EADDRNOTAVAIL')
  })
})
