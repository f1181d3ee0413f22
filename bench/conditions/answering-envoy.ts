import { EnvoyProcess } from '../../tools/envoy-process.ts'

const LISTENER = 'upstream'

/** An Envoy that answers every request by itself: under full load an upstream in Node would be what is measured. */
export async function startAnsweringEnvoy(
  binary: string,
  status = 200,
): Promise<{ readonly port: number; readonly envoy: EnvoyProcess }> {
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } }
  const connectionManager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'upstream',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status, body: { inline_string: 'ok' } } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  }
  const envoy = await EnvoyProcess.start({
    binary,
    bootstrap: {
      admin: { address },
      static_resources: {
        listeners: [
          {
            name: LISTENER,
            address,
            filter_chains: [
              {
                filters: [
                  {
                    name: 'envoy.filters.network.http_connection_manager',
                    typed_config: connectionManager,
                  },
                ],
              },
            ],
          },
        ],
      },
    },
  })
  return { envoy, port: await envoy.port(LISTENER) }
}
