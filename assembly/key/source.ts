/** Where a key's value comes from: one function per kind, each total, none of them writes anything. */
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, UNREADABLE, endOf, isPresent, lenOf, ptrOf, slice, toLower } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Source, SourceKind } from '../config/policy'
import { maskAddress, parseAddress } from '../http/address'
import { hostOf } from '../http/authority'
import { grpcMethod, grpcService, isGrpcContentType } from '../http/grpc'
import { matchPath, pathCapture } from '../http/path'
import { decodePercent } from '../http/percent'
import { readRequestHeader } from '../proxy/header'
import { readProperty } from '../proxy/property'
import { requestAuthority, requestMethod, requestNormalisedPath, requestPath } from '../proxy/request'
import { sessionId, sessionValue } from '../session/session'
import { carriedText } from './carrier'
import { forwardedLeaf, peerLeaf } from './certificate'
import { claimValue } from './claim'
import { listItem, openList, yieldList } from './list'
import { TYPE_BINARY, TYPE_STRING } from './node'
import { unverifiedClaim } from './token'
import { LONGEST_VALUE, Nothing, yieldText, yieldValue } from './value'

const CONTENT_TYPE: Slice = ascii('content-type')
const SOURCE_ADDRESS: Slice = ascii('source\0address')

const addressBytes: usize = memory.data(16, 8)

/** The value of a source that is no combination, in the variables of key/value.ts; or why there is none. */
export function leafValue(source: Source): Nothing {
  switch (source.kind) {
    case SourceKind.Session:
      return sessionLeaf()
    case SourceKind.Cookie:
    case SourceKind.Header:
      return yieldText(carriedText(source))
    case SourceKind.Query:
      return queryLeaf(source)
    case SourceKind.Claim:
      return claimLeaf(source)
    case SourceKind.Address:
      return addressLeaf(source)
    case SourceKind.Constant:
      return yieldValue(TYPE_STRING, source.name)
    case SourceKind.Path:
      return pathLeaf(source)
    case SourceKind.Authority:
      return authorityLeaf()
    case SourceKind.Method:
      return yieldText(requestMethod())
    case SourceKind.Grpc:
      return grpcLeaf(source)
    case SourceKind.Peer:
      return peerLeaf(source)
    case SourceKind.ForwardedClientCert:
      return forwardedLeaf(source)
    default:
      return Nothing.Absent
  }
}

function sessionLeaf(): Nothing {
  if (isPresent(sessionId)) return yieldValue(TYPE_BINARY, sessionId)
  return yieldText(sessionValue)
}

function claimLeaf(source: Source): Nothing {
  const token = source.token
  return token === null ? claimValue(source) : unverifiedClaim(source, token)
}

function queryLeaf(source: Source): Nothing {
  const raw = carriedText(source)
  if (!source.decode || !isPresent(raw)) return yieldText(raw)
  const room = lenOf(raw)
  if (room > 3 * LONGEST_VALUE) return Nothing.TooLarge
  writer.allocate(room)
  if (!decodePercent(raw, true, writer)) return Nothing.Malformed
  const value = writer.result
  return isPresent(value) ? yieldText(value) : Nothing.TooLarge
}

/** The downstream address after Envoy's own handling of trusted hops. */
function addressLeaf(source: Source): Nothing {
  const text = readProperty(SOURCE_ADDRESS)
  if (!isPresent(text)) return yieldText(text)
  const length = parseAddress(text, addressBytes)
  if (length == 0) return Nothing.Malformed
  maskAddress(addressBytes, length, length == 4 ? source.ipv4Prefix : source.ipv6Prefix)
  return yieldValue(TYPE_BINARY, slice(addressBytes, length))
}

/** One capture is its text, several are a list. */
function pathLeaf(source: Source): Nothing {
  const path = requestNormalisedPath()
  if (path == UNREADABLE) return Nothing.Unreadable
  if (path == ABSENT) return isPresent(requestPath()) ? Nothing.Malformed : Nothing.Absent
  const template = source.name
  if (!matchPath(template, path)) return Nothing.Absent
  const first = pathCapture(template, path, 0)
  if (pathCapture(template, path, 1) == ABSENT) return yieldText(first)
  openList()
  let capture = first
  for (let count: u32 = 1; capture != ABSENT; count++) {
    listItem(capture)
    capture = pathCapture(template, path, count)
  }
  return yieldList()
}

/** The host as rules see it, in lower case. */
function authorityLeaf(): Nothing {
  const host = hostOf(requestAuthority())
  if (!isPresent(host)) return yieldText(host)
  const length = lenOf(host)
  if (length > LONGEST_VALUE) return Nothing.TooLarge
  writer.allocate(length)
  for (let at = ptrOf(host), end = endOf(host); at < end; at++) writer.byte(toLower(load<u8>(at)))
  const lower = writer.result
  return isPresent(lower) ? yieldText(lower) : Nothing.TooLarge
}

function grpcLeaf(source: Source): Nothing {
  const contentType = readRequestHeader(CONTENT_TYPE)
  if (contentType == UNREADABLE) return Nothing.Unreadable
  if (!isGrpcContentType(contentType)) return Nothing.Absent
  const path = requestPath()
  if (!isPresent(path)) return yieldText(path)
  const name = source.part == 0 ? grpcService(path) : grpcMethod(path)
  return isPresent(name) ? yieldText(name) : Nothing.Malformed
}
