/** Which headers may carry the key, and which may be read. */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { Slice, equalsIgnoreCase, isPresent, lenOf, ptrOf, slice } from '../../bytes/slice'
import { JsonNode, textOf } from '../../json/node'
import { isToken } from '../../http/octet'
import { error } from '../report'
import { Words, firstWord, listOf, nextWord, words } from '../../bytes/words'
import { expectToken } from './name'

// Whatever a client sends under the key header's name is removed, and Mooring writes its own: on a header that
// somebody else needs that would be an attack on them. Routing and tracing, framing, credentials, what Envoy
// and Istio own.
const CREDENTIALS: Words = words(
  'authorization cookie origin proxy-authenticate proxy-authorization referer set-cookie',
)
const ROUTING: Words = words('date forwarded host traceparent tracestate user-agent via x-request-id')
const FRAMING: Words = words('content-encoding content-length content-type expect')
const PREFIXES: Words = words('grpc- sec- x-b3- x-envoy- x-forwarded- x-istio-')

// These concern one connection only (RFC 9110 section 7.6.1).
const HOP_BY_HOP: Words = words('connection keep-alive proxy-connection te trailer transfer-encoding upgrade')

// Cookies have a source of their own; host is :authority by the time a filter runs; the others say nothing of a user.
const NEVER_READ: Words = words('content-length cookie host proxy-authenticate proxy-authorization')

/** The key header where none is named. */
export const DEFAULT_KEY_HEADER: Slice = ascii('x-mooring-key')

/** `node` names a header that may carry the key. */
export function expectKeyHeader(node: JsonNode | null): bool {
  if (!expectToken(node)) return false
  if (!isReserved(textOf(node))) return true
  error(
    phrase('reserved_header'),
    node,
    phrase('this header belongs to somebody else; use a name of your own, such as x-mooring-key'),
  )
  return false
}

/** `node` names a header that may be read: for a key, or to choose a rule. */
export function expectReadableHeader(node: JsonNode | null): bool {
  if (!expectToken(node)) return false
  if (!holds(NEVER_READ, textOf(node)) && !holds(HOP_BY_HOP, textOf(node))) return true
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

function isReserved(name: Slice): bool {
  return (
    holds(CREDENTIALS, name) ||
    holds(ROUTING, name) ||
    holds(FRAMING, name) ||
    holds(HOP_BY_HOP, name) ||
    startsWithOne(PREFIXES, name)
  )
}

function holds(names: Words, name: Slice): bool {
  const list = listOf(names)
  for (let word = firstWord(list); isPresent(word); word = nextWord(list, word)) {
    if (equalsIgnoreCase(name, word)) return true
  }
  return false
}

function startsWithOne(starts: Words, name: Slice): bool {
  const list = listOf(starts)
  for (let word = firstWord(list); isPresent(word); word = nextWord(list, word)) {
    const length = lenOf(word)
    if (lenOf(name) >= length && equalsIgnoreCase(slice(ptrOf(name), length), word)) return true
  }
  return false
}
