import { isByteString, notAByteString } from './byte-text.ts'

/** Which of a stream's maps it is. */
export type HeaderMapKind = 'request' | 'response' | 'trailers'

/** A header's name as Envoy sees it. */
export interface HeaderName {
  /** In lower case; `host` is `:authority`. */
  readonly key: string
  readonly isPseudo: boolean
  /** RFC 9110 5.6.2 `token`, with the colon in front that pseudo headers have. */
  readonly isToken: boolean
  /** Whether a map of this kind keeps one entry of it. */
  readonly isSingle: Readonly<Record<HeaderMapKind, boolean>>
  /** A value of it that is known to be a byte string, the last: many streams have the same. */
  checkedValue: string
}

/**
 * Headers of which Envoy keeps one entry, appending a further value to it with a comma (http/header_map.h,
 * INLINE_REQ_*, INLINE_RESP_*; header_map_impl.cc insertByKey). `cookie` and `set-cookie` are not among them.
 */
const SINGLE_ENTRY: Readonly<Record<HeaderMapKind, ReadonlySet<string>>> = (() => {
  const both = [
    'connection',
    'content-length',
    'content-type',
    'keep-alive',
    'proxy-connection',
    'proxy-status',
    'transfer-encoding',
    'upgrade',
    'via',
    'x-envoy-decorator-operation',
    'x-request-id',
  ]
  const request = [
    ':authority',
    ':method',
    ':path',
    ':protocol',
    ':scheme',
    'expect',
    'grpc-timeout',
    'te',
    'user-agent',
    'x-client-trace-id',
    'x-envoy-downstream-service-cluster',
    'x-envoy-downstream-service-node',
    'x-envoy-external-address',
    'x-envoy-force-trace',
    'x-envoy-internal',
    'x-envoy-max-retries',
    'x-envoy-original-path',
    'x-envoy-retry-on',
    'x-envoy-upstream-alt-stat-name',
    'x-envoy-upstream-rq-timeout-ms',
    'x-forwarded-client-cert',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
  ]
  const response = [
    ':status',
    'date',
    'grpc-message',
    'grpc-status',
    'server',
    'x-envoy-degraded',
    'x-envoy-ratelimited',
    'x-envoy-upstream-canary',
    'x-envoy-upstream-healthchecked-cluster',
  ]
  return {
    request: new Set([...request, ...both]),
    response: new Set([...response, ...both]),
    trailers: new Set(),
  }
})()

/** Names that were met before: a program sees few of them, and each many times. */
const known = new Map<string, HeaderName>()
/** A guest may make up names without end: then the store begins anew. */
const MOST_KNOWN = 4_096

/** @throws {HostUsageError} `not_a_byte_string` */
export function headerName(name: string): HeaderName {
  return known.get(name) ?? learn(name)
}

function learn(name: string): HeaderName {
  if (!isByteString(name)) throw notAByteString(name, 'a header name')
  const lower = asciiLowerCase(name)
  const key = lower === 'host' ? ':authority' : lower
  const learnt = {
    key,
    isPseudo: key.startsWith(':'),
    isToken: TOKEN.test(name),
    isSingle: {
      request: SINGLE_ENTRY.request.has(key),
      response: SINGLE_ENTRY.response.has(key),
      trailers: SINGLE_ENTRY.trailers.has(key),
    },
    checkedValue: '',
  }
  if (known.size === MOST_KNOWN) known.clear()
  known.set(name, learnt)
  return learnt
}

const TOKEN = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const ASCII_UPPER = /[A-Z]+/g

/** LowerCaseString folds ASCII only; a byte such as 0xC4 stays as it is. */
function asciiLowerCase(name: string): string {
  return name.replace(ASCII_UPPER, (letters) => letters.toLowerCase())
}
