import type { HeaderEntry } from './envoy/header-list.ts'
import { HeaderMap } from './header-map.ts'

/** What a guest passed to `proxy_send_local_response`. */
export interface GuestLocalReply {
  readonly status: number
  readonly headers: readonly HeaderEntry[]
  /** A byte string. */
  readonly body: string
  readonly details: string
  readonly grpcStatus: number | undefined
}

/** The answer that the client gets instead of the upstream's. */
export interface LocalReply {
  readonly status: number
  /** After the response callbacks of the filter have run over them. */
  readonly headers: HeaderMap
  readonly body: Uint8Array
  /** `response.code_details` */
  readonly details: string
  readonly grpcStatus: number | undefined
  /** Who asked for it: the guest, or Envoy because the VM has failed. */
  readonly origin: 'guest' | 'failure'
}

const GRPC_UNAVAILABLE = 14
const GRPC_HIGHEST = 16

/** Context::failStream: 503 without a body. */
export function failureReply(): LocalReply {
  return {
    status: 503,
    headers: new HeaderMap('response', [[':status', '503']]),
    body: new Uint8Array(0),
    details: 'wasm_fail_stream',
    grpcStatus: GRPC_UNAVAILABLE,
    origin: 'failure',
  }
}

/** Http::Utility::prepareLocalReply, for a request that is not gRPC. */
export function guestReply(reply: GuestLocalReply): LocalReply {
  const headers = new HeaderMap('response', [[':status', String(reply.status)]])
  for (const [name, value] of reply.headers) headers.add(name, value)
  if (reply.body === '') {
    headers.remove('content-length')
    headers.remove('content-type')
  } else {
    headers.replace('content-length', String(reply.body.length))
    if (!headers.has('content-type')) headers.add('content-type', 'text/plain')
  }
  return {
    status: reply.status,
    headers,
    body: Buffer.from(reply.body, 'latin1'),
    details: reply.details,
    grpcStatus: reply.grpcStatus,
    origin: 'guest',
  }
}

/** Only a status that gRPC knows is used; SDKs pass -1 for none. */
export function grpcStatusOf(value: number): number | undefined {
  return value >= 0 && value <= GRPC_HIGHEST ? value : undefined
}
