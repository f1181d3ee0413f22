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
  /** Of HTTP: 200 for a request of gRPC, whatever the guest asked for. */
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
const GRPC_UNKNOWN = 2
/** Grpc::Utility::httpToGrpcStatus */
const GRPC_BY_HTTP: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
}
const GRPC_CONTENT_TYPE = /^application\/grpc(\+|$)/

/** Context::failStream: 503 without a body. */
export function failureReply(request: HeaderMap): LocalReply {
  const failure = { status: 503, headers: [], body: '', details: 'wasm_fail_stream' }
  return prepare({ ...failure, grpcStatus: GRPC_UNAVAILABLE }, request, 'failure')
}

/** What a guest has asked for, as the client of this request gets it. */
export function guestReply(reply: GuestLocalReply, request: HeaderMap): LocalReply {
  return prepare(reply, request, 'guest')
}

/** Http::Utility::prepareLocalReply */
function prepare(reply: GuestLocalReply, request: HeaderMap, origin: LocalReply['origin']): LocalReply {
  const headers = new HeaderMap('response', [[':status', String(reply.status)]])
  for (const [name, value] of reply.headers) headers.add(name, value)
  if (GRPC_CONTENT_TYPE.test(request.get('content-type') ?? '')) return grpcReply(reply, headers, origin)
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
    origin,
  }
}

/** A client of gRPC gets 200, and status and message as headers. */
function grpcReply(reply: GuestLocalReply, headers: HeaderMap, origin: LocalReply['origin']): LocalReply {
  const grpcStatus = reply.grpcStatus ?? GRPC_BY_HTTP[reply.status] ?? GRPC_UNKNOWN
  headers.replace(':status', '200')
  headers.replace('content-type', 'application/grpc')
  headers.replace('grpc-status', String(grpcStatus))
  if (reply.body !== '') headers.replace('grpc-message', percentEncoded(reply.body))
  headers.remove('content-length')
  return { status: 200, headers, body: new Uint8Array(0), details: reply.details, grpcStatus, origin }
}

/** Http::Utility::PercentEncoding::encode, over a byte string. */
function percentEncoded(text: string): string {
  return text.replace(
    /[^ -$&-}]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Only a status that gRPC knows is used; SDKs pass -1 for none. */
export function grpcStatusOf(value: number): number | undefined {
  return value >= 0 && value <= GRPC_HIGHEST ? value : undefined
}
