import { Status } from '../../assembly/proxy/abi.ts'
import type { Guest, HostcallTable } from '../guest.ts'

const GRPC_CALL = 1
const CALLOUT_TYPE_MASK = 3

/**
 * HTTP and gRPC callouts and DNS, in an Envoy that has no cluster at all: every callout fails before it starts,
 * with the status that Envoy gives for an unknown cluster.
 */
export function calloutCalls(guest: Guest): HostcallTable {
  const { Ok, NotFound, BadArgument, ParseFailure, InvalidMemoryAccess } = Status
  const inside = (...ranges: readonly number[]): boolean => {
    for (let i = 0; i < ranges.length; i += 2) {
      if (!guest.memory.contains(ranges[i] ?? 0, ranges[i + 1] ?? 0)) return false
    }
    return true
  }
  return {
    proxy_http_call(
      uri: number,
      uriSize: number,
      headers: number,
      headersSize: number,
      body: number,
      bodySize: number,
      trailers: number,
      trailersSize: number,
      _timeout: number,
      tokenAt: number,
    ) {
      if (!inside(uri, uriSize, headers, headersSize, body, bodySize, trailers, trailersSize)) {
        return InvalidMemoryAccess
      }
      // The token is written before the call is tried, to prove the memory, and again after it has failed.
      return guest.memory.writeU32(tokenAt, 0) ? BadArgument : InvalidMemoryAccess
    },

    proxy_grpc_call(
      service: number,
      serviceSize: number,
      name: number,
      nameSize: number,
      method: number,
      methodSize: number,
      metadata: number,
      metadataSize: number,
      request: number,
      requestSize: number,
    ) {
      const readable = inside(
        service,
        serviceSize,
        name,
        nameSize,
        method,
        methodSize,
        metadata,
        metadataSize,
        request,
        requestSize,
      )
      return readable ? ParseFailure : InvalidMemoryAccess
    },

    proxy_grpc_stream(
      service: number,
      serviceSize: number,
      name: number,
      nameSize: number,
      method: number,
      methodSize: number,
      metadata: number,
      metadataSize: number,
    ) {
      const readable = inside(
        service,
        serviceSize,
        name,
        nameSize,
        method,
        methodSize,
        metadata,
        metadataSize,
      )
      return readable ? ParseFailure : InvalidMemoryAccess
    },

    proxy_grpc_close: () => NotFound,
    proxy_grpc_cancel: () => NotFound,

    proxy_grpc_send(token: number, message: number, messageSize: number) {
      if (!inside(message, messageSize)) return InvalidMemoryAccess
      return (token & CALLOUT_TYPE_MASK) === GRPC_CALL ? BadArgument : NotFound
    },

    proxy_get_status(codeAt: number, messageAt: number, sizeAt: number) {
      if (!guest.memory.writeU32(codeAt, 0)) return InvalidMemoryAccess
      return guest.handOver('', messageAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    envoy_resolve_dns(address: number, addressSize: number, tokenAt: number) {
      if (!inside(address, addressSize)) return InvalidMemoryAccess
      return inside(tokenAt, 4) ? Status.Unimplemented : InvalidMemoryAccess
    },
  }
}
