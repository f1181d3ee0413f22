import type { Golden } from './golden.ts'

const CHAIN = 'inbound-vip|8080|http|test2-bwce-srv.shop.svc.cluster.local'

/**
 * Puts the filter chain that Istio makes for the service on an ordinary listener. A waypoint's own listener ends HBONE
 * tunnels, which takes mTLS; the filter that writes the peer's metadata, and the transport that carries it to the other
 * end, are in Istio's Envoy only.
 */
export function onPlainListener(golden: Golden): void {
  const chain = golden.static_resources.listeners
    .flatMap(({ filter_chains }) => filter_chains)
    .find(({ name }) => name === CHAIN)
  const filter = chain?.filters.find(({ typed_config }) => typed_config.http_filters)
  const manager = filter?.typed_config
  if (filter === undefined || manager?.http_filters === undefined) throw new Error(`no chain ${CHAIN}`)
  manager.http_filters = manager.http_filters.filter(({ name }) => name !== 'waypoint_upstream_peer_metadata')
  golden.static_resources.listeners = [{ name: 'service', filter_chains: [{ filters: [filter] }] }]
  const cluster = golden.static_resources.clusters.find(({ name }) => name === CHAIN)
  if (cluster === undefined) throw new Error(`no cluster ${CHAIN}`)
  delete cluster.transport_socket
  golden.static_resources.clusters = [cluster]
}
