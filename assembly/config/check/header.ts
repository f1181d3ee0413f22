/** Which headers may carry the key, and which may be read. */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { Slice, endOf, lenOf, ptrOf, toLower } from '../../bytes/slice'
import { JsonNode } from '../../json/node'
import { isToken } from '../../http/octet'
import { error } from '../report'
import { characterAt, wordEnd } from '../../bytes/words'
import { expectToken } from './name'

// Whatever a client sends under the key header's name is removed, and Mooring writes its own: on a header that
// somebody else needs that would be an attack on them. Routing and tracing, framing, credentials, what Envoy
// and Istio own.
const CREDENTIALS: Slice = ascii(
  'authorization cookie origin proxy-authenticate proxy-authorization referer set-cookie',
)
const ROUTING: Slice = ascii('date forwarded host traceparent tracestate user-agent via x-request-id')
const FRAMING: Slice = ascii('content-encoding content-length content-type expect')
const PREFIXES: Slice = ascii('grpc- sec- x-b3- x-envoy- x-forwarded- x-istio-')

// These concern one connection only (RFC 9110 section 7.6.1).
const HOP_BY_HOP: Slice = ascii('connection keep-alive proxy-connection te trailer transfer-encoding upgrade')

// Cookies have a source of their own; host is :authority by the time a filter runs; the others say nothing of a user.
const NEVER_READ: Slice = ascii('content-length cookie host proxy-authenticate proxy-authorization')

/** The key header where none is named. */
export const DEFAULT_KEY_HEADER: Slice = ascii('x-mooring-key')

/** `node` names a header that may carry the key. */
export function expectKeyHeader(node: JsonNode | null): bool {
  if (node === null || !expectToken(node)) return false
  if (!isReserved(node.text)) return true
  error(
    phrase('reserved_header'),
    node,
    phrase('this header belongs to somebody else; use a name of your own, such as x-mooring-key'),
  )
  return false
}

/** `node` names a header that may be read: for a key, or to choose a rule. */
export function expectReadableHeader(node: JsonNode | null): bool {
  if (node === null || !expectToken(node)) return false
  if (!holds(NEVER_READ, node.text) && !holds(HOP_BY_HOP, node.text)) return true
  error(
    phrase('forbidden_source'),
    node,
    phrase('this header is never read; for a cookie write the source {cookie: NAME}'),
  )
  return false
}

/** As `expectKeyHeader`, without a report. */
export function isKeyHeader(name: Slice): bool {
  return lenOf(name) <= 128 && isToken(name) && !isReserved(name)
}

/** True if `name` is `lower`, whatever its case. */
export function isHeader(name: Slice, lower: Slice): bool {
  return lenOf(lower) == lenOf(name) && hasStart(name, lower, 0, lenOf(name))
}

function isReserved(name: Slice): bool {
  if (holds(CREDENTIALS, name) || holds(ROUTING, name) || holds(FRAMING, name) || holds(HOP_BY_HOP, name))
    return true
  for (let start: u32 = 0; start < lenOf(PREFIXES);) {
    const end = wordEnd(PREFIXES, start)
    if (hasStart(name, PREFIXES, start, end)) return true
    start = end + 1
  }
  return false
}

function holds(words: Slice, name: Slice): bool {
  for (let start: u32 = 0; start < lenOf(words);) {
    const end = wordEnd(words, start)
    if (end - start == lenOf(name) && hasStart(name, words, start, end)) return true
    start = end + 1
  }
  return false
}

function hasStart(name: Slice, words: Slice, start: u32, end: u32): bool {
  if (lenOf(name) < end - start) return false
  let at = ptrOf(name)
  for (let i = start; i < end; i++, at++) {
    if (toLower(load<u8>(at)) != characterAt(words, i)) return false
  }
  return at <= endOf(name)
}
