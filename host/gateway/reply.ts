/**
 * Answers that the gateway gives itself, with the status, body and `response.code_details` of Envoy 1.40.
 */
import { HeaderMap } from '../header-map.ts'

/** An answer without an upstream. */
export interface Reply {
  readonly headers: HeaderMap
  readonly body: Uint8Array
  /** `response.code_details` */
  readonly details: string
}

function reply(status: number, body: string, details: string): Reply {
  const headers = new HeaderMap('response', [[':status', String(status)]])
  if (body !== '') {
    headers.add('content-length', String(body.length))
    headers.add('content-type', 'text/plain')
  }
  return { headers, body: Buffer.from(body, 'latin1'), details: details.replace(/\s/g, '_') }
}

/** No virtual host or route matches. */
export function routeNotFound(): Reply {
  return reply(404, '', 'route_not_found')
}

/** The cluster has no host that may be used. */
export function noHealthyUpstream(): Reply {
  return reply(503, 'no healthy upstream', 'no_healthy_upstream')
}

/** A filter left headers that cannot be sent upstream; `fault` says why, in Envoy's words. */
export function badRequestHeaders(fault: string): Reply {
  return reply(503, fault, `filter_removed_required_request_headers{${fault}}`)
}

/**
 * A filter left response headers that cannot be sent. Envoy sends bad bytes raw, which lets whoever wrote them
 * write an answer of their own; the gateway does not.
 */
export function badResponseHeaders(fault: string): Reply {
  return reply(502, fault, `filter_wrote_invalid_response_headers{${fault}}`)
}

/**
 * A filter has stopped a request or an answer and nothing will ever resume it: no callout is pending, no tick is due. In
 * Envoy it would wait for the stream's idle timeout.
 */
export function filterPaused(): Reply {
  return reply(503, '', 'filter_paused_stream')
}

/** More of the body came while the request was to be tried again than is kept for that. */
export function bodyTooLargeToRetry(): Reply {
  return reply(
    507,
    'exceeded request buffer limit while retrying upstream',
    'request_payload_exceeded_retry_buffer_limit',
  )
}

/** How an upstream failed before it answered; `refusedStream` and `reset` are what only HTTP/2 has. */
export type UpstreamFailure = 'refused' | 'terminated' | 'malformed' | 'refusedStream' | 'reset' | 'timedOut'

/**
 * The upstream failed before it answered.
 *
 * @param hasRetried whether it was not the first to be tried
 */
export function upstreamFailed(failure: UpstreamFailure, hasRetried = false): Reply {
  const retried = hasRetried ? 'retried and the latest ' : ''
  const said = `upstream connect error or disconnect/reset before headers. ${retried}reset reason: `
  switch (failure) {
    case 'timedOut':
      return reply(504, 'upstream request timeout', 'upstream_per_try_timeout')
    case 'refusedStream':
      return reply(
        503,
        `${said}remote refused stream reset`,
        'upstream_reset_before_response_started{remote_refused_stream_reset}',
      )
    case 'reset':
      return reply(503, `${said}remote reset`, 'upstream_reset_before_response_started{remote_reset}')
    case 'refused':
      return reply(
        503,
        `${said}remote connection failure`,
        'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error: Connection refused}',
      )
    case 'terminated':
      return reply(
        503,
        `${said}connection termination`,
        'upstream_reset_before_response_started{connection_termination}',
      )
    case 'malformed':
      return reply(502, `${said}protocol error`, 'upstream_reset_before_response_started{protocol_error}')
  }
}
