/**
 * Status codes of gRPC: source/common/grpc/status.cc and common.cc.
 */
import type { HeaderEntry } from '../envoy/index.ts'

const UNKNOWN = 2
const PERMISSION_DENIED = 7
const UNIMPLEMENTED = 12
const UNAUTHENTICATED = 16
const MAXIMUM_KNOWN = 16
const INVALID = -1

export const INTERNAL = 13
export const UNAVAILABLE = 14

/** What a status of HTTP stands for where gRPC's own is missing. */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return INTERNAL
    case 401:
      return UNAUTHENTICATED
    case 403:
      return PERMISSION_DENIED
    case 404:
      return UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return UNAVAILABLE
    default:
      return UNKNOWN
  }
}

/** `grpc-status` of trailers; undefined when there is none, -1 when it is none that gRPC knows. */
export function grpcStatusIn(trailers: readonly HeaderEntry[]): number | undefined {
  const text = valueOf(trailers, 'grpc-status')
  if (text === undefined) return undefined
  const isKnown = /^\d{1,2}$/.test(text) && Number(text) <= MAXIMUM_KNOWN
  return isKnown ? Number(text) : INVALID
}

/** `grpc-message` of trailers, as it came: Envoy does not decode it. */
export function grpcMessageIn(trailers: readonly HeaderEntry[]): string {
  return valueOf(trailers, 'grpc-message') ?? ''
}

/** What a call that ends with the trailers of its answer has come to. */
export function finalStatus(trailers: readonly HeaderEntry[]): number {
  return grpcStatusIn(trailers) ?? UNKNOWN
}

function valueOf(entries: readonly HeaderEntry[], name: string): string | undefined {
  return entries.find(([found]) => found === name)?.[1]
}
