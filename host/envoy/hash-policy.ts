/**
 * A route's hash policy: from a request to the 64-bit number that picks the host. Follows HashPolicyImpl in
 * source/common/http/hash_policy.cc and addDownstreamSetCookie in source/common/router/router.h.
 */
import { ipOf } from './address.ts'
import { type CookieAttribute, makeSetCookieValue, parseCookieValue } from './cookie.ts'
import { firstHeader, headerValues, type HeaderList } from './header-list.ts'
import { type RegexRewrite, replaceAll } from './regex-rewrite.ts'
import { xxHash64, xxHash64Chained } from './xxhash.ts'

interface Terminal {
  /** Stop here once there is a hash, be it from this policy or from an earlier one. */
  readonly terminal?: boolean
}

/** Hashes a request header: one value as it is, several sorted and chained. An empty value hashes, too. */
export interface HeaderHashPolicy extends Terminal {
  readonly header: {
    readonly headerName: string
    /** Changes each value before it is hashed. */
    readonly regexRewrite?: RegexRewrite
  }
}

/** Hashes a cookie's value. */
export interface CookieHashPolicy extends Terminal {
  readonly cookie: {
    readonly name: string
    /** Seconds. Given, 0 included: Envoy generates the cookie where it is absent or empty. */
    readonly ttl?: number
    readonly path?: string
    readonly attributes?: readonly CookieAttribute[]
  }
}

/** Hashes the client's IP address, without port. */
export interface SourceIpHashPolicy extends Terminal {
  readonly connectionProperties: { readonly sourceIp: boolean }
}

/** Hashes a query parameter's first occurrence, as it stands in the path: no percent-decoding. */
export interface QueryParameterHashPolicy extends Terminal {
  readonly queryParameter: { readonly name: string }
}

/** Hashes an object of the filter state that can be hashed, such as `envoy.hashable_string`. */
export interface FilterStateHashPolicy extends Terminal {
  readonly filterState: { readonly key: string }
}

/** One entry of a route's `hash_policy`, with Envoy's names. */
export type HashPolicy =
  HeaderHashPolicy | CookieHashPolicy | SourceIpHashPolicy | QueryParameterHashPolicy | FilterStateHashPolicy

/** What the policies can see of a request. Addresses are Envoy's text, `10.0.0.1:80` or `[::1]:80`. */
export interface HashableRequest {
  /** With the pseudo headers, as the filters left them. */
  readonly headers: HeaderList
  /** The client, after x-forwarded-for was believed as far as configured. */
  readonly remoteAddress: string
  /** The connection's own two ends. Absent, no cookie can be generated. */
  readonly connection?: { readonly remoteAddress: string; readonly localAddress: string }
  /** The hashable strings of the filter state, byte strings by key. */
  readonly filterState?: ReadonlyMap<string, string>
}

/** What the policies made of a request. */
export interface GeneratedHash {
  /** Absent: no policy found anything, and the balancer draws a random number. */
  readonly hash: bigint | undefined
  /** Set-Cookie texts for the cookies that had to be generated, in the policies' order. */
  readonly setCookies: readonly string[]
}

/**
 * Evaluates a route's policies in order. Each hash found is combined with those before it by rotate-left-by-one
 * and exclusive or.
 *
 * @example
 * generateHash([{ cookie: { name: 'sid', ttl: 60 } }], request).setCookies
 * // ['sid="5e1192314817394d"; Max-Age=60; HttpOnly'] unless the request carries a sid
 */
export function generateHash(policies: readonly HashPolicy[], request: HashableRequest): GeneratedHash {
  const setCookies: string[] = []
  let hash: bigint | undefined
  for (const policy of policies) {
    const found = evaluate(policy, request, setCookies)
    if (found !== undefined) hash = hash === undefined ? found : rotateLeft(hash) ^ found
    if (policy.terminal === true && hash !== undefined) break
  }
  return { hash, setCookies }
}

/**
 * The value that Envoy generates for a cookie. It is a function of the connection: all requests of one
 * connection get the same, and whoever knows the addresses knows the value.
 *
 * @example
 * generateCookieValue({ remoteAddress: '1.2.3.4:5678', localAddress: '10.0.0.1:80' }) // '5e1192314817394d'
 */
export function generateCookieValue(connection: NonNullable<HashableRequest['connection']>): string {
  const seed = connection.remoteAddress + connection.localAddress
  return xxHash64(seed).toString(16).padStart(16, '0')
}

function evaluate(policy: HashPolicy, request: HashableRequest, setCookies: string[]): bigint | undefined {
  if ('header' in policy) return hashHeader(policy, request.headers)
  if ('cookie' in policy) return hashCookie(policy, request, setCookies)
  if ('queryParameter' in policy) {
    const value = firstQueryParameter(firstHeader(request.headers, ':path') ?? '', policy.queryParameter.name)
    return value === undefined ? undefined : xxHash64(value)
  }
  if ('filterState' in policy) {
    const value = request.filterState?.get(policy.filterState.key)
    return value === undefined ? undefined : xxHash64(value)
  }
  return policy.connectionProperties.sourceIp ? xxHash64(ipOf(request.remoteAddress)) : undefined
}

function hashHeader({ header }: HeaderHashPolicy, headers: HeaderList): bigint | undefined {
  const { headerName, regexRewrite } = header
  const found = headerValues(headers, headerName.toLowerCase())
  const values = regexRewrite === undefined ? found : found.map((value) => replaceAll(value, regexRewrite))
  // Byte strings sort by code unit, which is by byte: the order in which the lines came does not matter.
  return values.length === 0 ? undefined : xxHash64Chained(values.sort())
}

function hashCookie(
  { cookie }: CookieHashPolicy,
  request: HashableRequest,
  setCookies: string[],
): bigint | undefined {
  const present = parseCookieValue(request.headers, cookie.name)
  if (present !== '') return xxHash64(present)
  if (cookie.ttl === undefined || request.connection === undefined) return undefined

  const generated = generateCookieValue(request.connection)
  setCookies.push(
    makeSetCookieValue(cookie.name, generated, {
      maxAge: cookie.ttl,
      path: cookie.path ?? '',
      attributes: cookie.attributes ?? [],
    }),
  )
  return xxHash64(generated)
}

/** Utility::QueryParamsMulti: the query runs from the first `?`; a parameter without `=` is empty, not absent. */
function firstQueryParameter(path: string, name: string): string | undefined {
  const start = path.indexOf('?')
  if (start < 0) return undefined
  for (const parameter of path.slice(start + 1).split('&')) {
    const equals = parameter.indexOf('=')
    if ((equals < 0 ? parameter : parameter.slice(0, equals)) !== name) continue
    return equals < 0 ? '' : parameter.slice(equals + 1)
  }
  return undefined
}

function rotateLeft(value: bigint): bigint {
  return BigInt.asUintN(64, value << 1n) | (value >> 63n)
}
