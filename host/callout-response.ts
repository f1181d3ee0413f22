import { BufferType, HeaderMapType } from '../assembly/proxy/abi.ts'
import type { HeaderMap } from './header-map.ts'

/**
 * What a callout has brought to a root context. Each part is there for the time of one callback only, for the root
 * and for every stream below it (Context::getConstMap and getBuffer ask the root context).
 */
export class CalloutResponse {
  /** Of an HTTP call: headers, body and trailers of its response. */
  http:
    | { readonly headers: HeaderMap; readonly body: Uint8Array; readonly trailers: HeaderMap | undefined }
    | undefined
  initialMetadata: HeaderMap | undefined
  trailingMetadata: HeaderMap | undefined
  grpcMessage: Uint8Array | undefined
  /** Addresses, in the ABI's form. */
  dnsAnswer: Uint8Array | undefined
  /** What `proxy_get_status` answers; the code outlives its callback, the message does not. */
  statusCode = 0
  /** A byte string. */
  statusMessage = ''

  readableMap(type: HeaderMapType): HeaderMap | undefined {
    switch (type) {
      case HeaderMapType.HttpCallResponseHeaders:
        return this.http?.headers
      case HeaderMapType.HttpCallResponseTrailers:
        return this.http?.trailers
      case HeaderMapType.GrpcReceiveInitialMetadata:
        return this.initialMetadata
      case HeaderMapType.GrpcReceiveTrailingMetadata:
        return this.trailingMetadata
      default:
        return undefined
    }
  }

  buffer(type: BufferType): Uint8Array | undefined {
    if (type === BufferType.HttpCallResponseBody) return this.http?.body
    return type === BufferType.GrpcReceiveBuffer ? this.grpcMessage : undefined
  }
}
