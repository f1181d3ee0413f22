/**
 * HTTP calls that filters make: to a host of the cluster, chosen by the hash of its `:authority`, as Envoy does
 * (context.cc httpCall).
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

import { xxHash64 } from '../envoy/index.ts'
import { type HeaderEntry, HeaderMap, type HttpCall } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { requestHeaderFault } from './header-check.ts'
import { noHealthyUpstream } from './reply.ts'
import { headerEntries } from './request-headers.ts'
import { callUpstream, UpstreamError } from './upstream.ts'

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
    cluster.count('upstream_rq_total')
    const answer = await callUpstream(cluster, host.address, {
      headers: new HeaderMap('request', call.headers),
      body: call.body.length === 0 ? undefined : Readable.from([call.body]),
      signal: deadline,
    })
    const body = await wholeBody(answer)
    if (!call.isPending) return
    const trailers = headerEntries(answer.rawTrailers)
    const headers: HeaderEntry[] = [
      [':status', String(answer.statusCode ?? 0)],
      ...headerEntries(answer.rawHeaders),
    ]
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

async function wholeBody(message: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of message) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
