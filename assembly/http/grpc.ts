/**
 * What a gRPC request calls (gRPC over HTTP/2, "Requests"):
 *
 *     content-type = "application/grpc" [ "+" any ]          as Envoy tells gRPC (Grpc::Common::hasGrpcContentType)
 *     :path        = "/" service "/" method
 *     service      = 1*( ALPHA | DIGIT | "_" | "." )         method = 1*( ALPHA | DIGIT | "_" )
 */
import { DOT, PLUS, SLASH, UNDERSCORE, isDigit, isLetter } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import {
  ABSENT,
  Slice,
  between,
  endOf,
  equals,
  indexOf,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../bytes/slice'

const GRPC: Slice = ascii('application/grpc')

/** True for gRPC; gRPC-Web is another protocol until Envoy's grpc_web filter has turned it into gRPC. */
export function isGrpcContentType(contentType: Slice): bool {
  if (!isPresent(contentType)) return false
  const length = lenOf(GRPC)
  if (lenOf(contentType) < length || !equals(slice(ptrOf(contentType), length), GRPC)) return false
  return lenOf(contentType) == length || load<u8>(ptrOf(contentType) + length) == PLUS
}

/** The service's name within a `:path`, ABSENT if the path is not of the grammar above. */
export function grpcService(path: Slice): Slice {
  if (!isPresent(path)) return ABSENT
  const start = ptrOf(path)
  const end = endOf(path)
  if (start == end || load<u8>(start) != SLASH) return ABSENT
  const slash = indexOf(start + 1, end, SLASH)
  if (slash == end || !isName(start + 1, slash, true) || !isName(slash + 1, end, false)) return ABSENT
  return between(start + 1, slash)
}

/** The method's name within a `:path`, ABSENT if the path is not of the grammar above. */
export function grpcMethod(path: Slice): Slice {
  const service = grpcService(path)
  return isPresent(service) ? between(endOf(service) + 1, endOf(path)) : ABSENT
}

function isName(from: usize, to: usize, dots: bool): bool {
  for (let at = from; at < to; at++) {
    const byte = load<u8>(at)
    if (isLetter(byte) || isDigit(byte) || byte == UNDERSCORE) continue
    if (!dots || byte != DOT) return false
  }
  return from < to
}
