/**
 * HTTP calls that filters make: to a host of the cluster, chosen by the hash of its `:authority`, as Envoy does
 * (context.cc httpCall).
 */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { xxHash64 } from '../envoy/index.ts'
import { HeaderMap, type HttpCall } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { requestHeaderFault } from './header-check.ts'
import { noHealthyUpstream } from './reply.ts'
import { callUpstream } from './upstream.ts'
import { UpstreamError } from './upstream-message.ts'

/** Makes a call and answers it; a call that has timed out meanwhile is over. Never rejects. */
export async function makeCall(call: HttpCall, cluster: Cluster): Promise<void> {
  const deadline = call.timeout === 0 ? new AbortController().signal : AbortSignal.timeout(call.timeout)
  try {
    const host = cluster.chooseHost(xxHash64(call.headers.get(':authority') ?? ''))
    if (host === undefined) {
      const { headers, body } = noHealthyUpstream()
      call.respond({ headers, body })
      return
    }
    if (requestHeaderFault(call.headers) !== undefined) {
      call.fail()
      return
    }
    const answer = await callUpstream(cluster, host.address, {
      headers: new HeaderMap('request', call.headers),
      body: call.body.length === 0 ? undefined : Readable.from([call.body]),
      signal: deadline,
    })
    const body = await buffer(answer.body)
    if (!call.isPending) return
    const { headers } = answer
    const trailers = answer.trailers()
    call.respond({ headers, body, ...(trailers.length === 0 ? {} : { trailers }) })
  } catch (error) {
    if (!call.isPending) return
    if (deadline.aborted) call.timeOut()
    else answerFailure(call, error)
  }
}

/** Before the answer has begun Envoy says why; afterwards it breaks off. */
function answerFailure(call: HttpCall, error: unknown): void {
  if (!(error instanceof UpstreamError)) call.fail()
  else if (error.failure === 'refused') call.refuse()
  else call.refuse(error.failure === 'malformed' ? 'protocol error' : 'connection termination')
}
