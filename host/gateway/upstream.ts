/**
 * One request to one upstream host, in the protocol of its cluster.
 */
import type { Cluster } from './cluster.ts'
import { callOverHttp1 } from './upstream-http1.ts'
import { callOverHttp2 } from './upstream-http2.ts'
import type { UpstreamAnswer, UpstreamRequest } from './upstream-message.ts'

/**
 * Sends a request to a host, `10.0.0.1:80` or `[::1]:80`, and waits for the head of the answer.
 *
 * @throws {UpstreamError}, or the error with which the body failed
 */
export function callUpstream(
  cluster: Cluster,
  address: string,
  sent: UpstreamRequest,
): Promise<UpstreamAnswer> {
  // Envoy counts a request once it has a connection.
  const connected = (): void => {
    cluster.count('upstream_rq_total')
  }
  return cluster.http2 === undefined
    ? callOverHttp1(cluster.agent, address, sent, connected)
    : callOverHttp2(cluster.http2.to(address), sent, connected)
}
