import { Status } from '../../assembly/proxy/abi.ts'
import type { Begun, Callouts } from '../callouts.ts'
import type { DnsQueries } from '../dns.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import { HeaderMap, type HeaderMapKind } from '../header-map.ts'
import type { HeaderViolations } from '../header-violations.ts'
import { decodePairs } from '../pairs.ts'

/**
 * HTTP and gRPC callouts and DNS (cpp-host src/exports.cc, Envoy context.cc httpCall and following). All of them belong
 * to the root context, whoever makes them.
 */
export function calloutCalls(
  guest: Guest,
  callouts: Callouts,
  dns: DnsQueries,
  violations: HeaderViolations,
): HostcallTable {
  const { Ok, InvalidMemoryAccess } = Status

  function headerMap(hostcall: string, kind: HeaderMapKind, pairs: string): HeaderMap {
    const map = new HeaderMap(kind)
    for (const [name, value] of decodePairs(pairs)) {
      violations.inspect(hostcall, name, value)
      map.add(name, value)
    }
    return map
  }

  /** The token of a gRPC callout is written only when there is one, unlike that of an HTTP call. */
  function answered(begun: Begun, tokenAt: number): Status {
    if ('refused' in begun) return begun.refused
    return guest.memory.writeU32(tokenAt, begun.token) ? Ok : InvalidMemoryAccess
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
      timeout: number,
      tokenAt: number,
    ) {
      const cluster = guest.memory.readByteString(uri, uriSize)
      const bytes = guest.memory.read(body, bodySize)
      const pairs = guest.memory.readByteString(headers, headersSize)
      const trailerPairs = guest.memory.readByteString(trailers, trailersSize)
      if (cluster === undefined || bytes === undefined) return InvalidMemoryAccess
      if (pairs === undefined || trailerPairs === undefined) return InvalidMemoryAccess
      // The token is written before the call is tried, to prove the memory, and again after it, even if it has failed.
      if (!guest.memory.writeU32(tokenAt, 0)) return InvalidMemoryAccess
      const begun = callouts.beginHttp(guest.caller.root, cluster, {
        headers: headerMap('proxy_http_call', 'request', pairs),
        body: bytes,
        trailers: headerMap('proxy_http_call', 'trailers', trailerPairs),
        timeout: timeout | 0,
      })
      return answered(begun, tokenAt)
    },

    proxy_grpc_call(
      target: number,
      targetSize: number,
      service: number,
      serviceSize: number,
      method: number,
      methodSize: number,
      metadata: number,
      metadataSize: number,
      message: number,
      messageSize: number,
      timeout: number,
      tokenAt: number,
    ) {
      const to = guest.memory.readByteString(target, targetSize)
      const opening = openingOf([service, serviceSize, method, methodSize, metadata, metadataSize])
      const bytes = guest.memory.read(message, messageSize)
      if (to === undefined || opening === undefined || bytes === undefined) return InvalidMemoryAccess
      const { root } = guest.caller
      return answered(
        callouts.beginGrpc(root, to, { ...opening, message: bytes, timeout: timeout >>> 0 }),
        tokenAt,
      )
    },

    proxy_grpc_stream(
      target: number,
      targetSize: number,
      service: number,
      serviceSize: number,
      method: number,
      methodSize: number,
      metadata: number,
      metadataSize: number,
      tokenAt: number,
    ) {
      const to = guest.memory.readByteString(target, targetSize)
      const opening = openingOf([service, serviceSize, method, methodSize, metadata, metadataSize])
      if (to === undefined || opening === undefined) return InvalidMemoryAccess
      return answered(callouts.beginGrpcStream(guest.caller.root, to, opening), tokenAt)
    },

    proxy_grpc_close: (token: number) => callouts.endGrpc(token >>> 0, 'close'),
    proxy_grpc_cancel: (token: number) => callouts.endGrpc(token >>> 0, 'cancel'),

    proxy_grpc_send(token: number, message: number, messageSize: number, endOfStream: number) {
      const bytes = guest.memory.read(message, messageSize)
      if (bytes === undefined) return InvalidMemoryAccess
      return callouts.sendGrpc(token >>> 0, bytes, endOfStream !== 0)
    },

    proxy_get_status(codeAt: number, messageAt: number, sizeAt: number) {
      const { statusCode, statusMessage } = guest.caller.root.calloutResponse
      if (!guest.memory.writeU32(codeAt, statusCode)) return InvalidMemoryAccess
      return guest.handOver(statusMessage, messageAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    envoy_resolve_dns(name: number, nameSize: number, tokenAt: number) {
      const text = guest.memory.readByteString(name, nameSize)
      if (text === undefined) return InvalidMemoryAccess
      const token = dns.nextToken()
      if (!guest.memory.writeU32(tokenAt, token)) return InvalidMemoryAccess
      dns.begin(token, text, guest.caller.root)
      return Ok
    },
  }

  function openingOf([
    service = 0,
    serviceSize = 0,
    method = 0,
    methodSize = 0,
    metadata = 0,
    metadataSize = 0,
  ]: number[]): { service: string; method: string; initialMetadata: HeaderMap } | undefined {
    const serviceName = guest.memory.readByteString(service, serviceSize)
    const methodName = guest.memory.readByteString(method, methodSize)
    const pairs = guest.memory.readByteString(metadata, metadataSize)
    if (serviceName === undefined || methodName === undefined || pairs === undefined) return undefined
    return {
      service: serviceName,
      method: methodName,
      initialMetadata: headerMap('proxy_grpc_call', 'request', pairs),
    }
  }
}
