/** Claims as a proxy has them once jwt_authn has verified a token, and where it leaves them. */
import { readFileSync } from 'node:fs'
import type { HeaderList, PropertyTree, PropertyValue } from '../../host/index.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { isMapping, type Mapping } from '../manifests/value.ts'

/** Filter metadata of a request, and where its claims come from. */
export interface KnownClaims {
  readonly metadata: PropertyTree
  /** `given`; of a `token` in the request whose signature nobody has verified here; or there are none. */
  readonly origin: 'given' | 'token' | 'none'
}

/** Where Istio's jwt_authn leaves them (EnvoyJwtFilterPayload). */
const JWT_AUTHN = 'envoy.filters.http.jwt_authn'

/**
 * @param claims a JSON object, or "@" and the name of a file with one
 * @param metadata the same for more filter metadata, by filter
 * @throws {UsageError}
 */
export function claimsOf(
  headers: HeaderList,
  claims: string | undefined,
  metadata: string | undefined,
): KnownClaims {
  const more = metadata === undefined ? {} : jsonObject('--metadata', metadata)
  const given = claims === undefined ? undefined : jsonObject('--claims', claims)
  const payload = given ?? payloadOf(bearerToken(headers))
  const origin = given !== undefined ? 'given' : payload === undefined ? 'none' : 'token'
  const verified = payload === undefined ? {} : { [JWT_AUTHN]: { payload } }
  // JSON is what a property tree is made of.
  return { metadata: { ...verified, ...more } as PropertyTree, origin }
}

function jsonObject(option: string, text: string): Mapping {
  const source = text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text
  const value = parsed(source)
  if (!isMapping(value)) throw new UsageError(`${option}: expected a JSON object, such as '{"sub":"alice"}'`)
  return value
}

/** RFC 6750, section 2.1; one header only, as jwt_authn takes it. */
function bearerToken(headers: HeaderList): string | undefined {
  const values = headers.filter(([name]) => name === 'authorization').map(([, value]) => value)
  const [value = ''] = values
  return values.length === 1 ? /^bearer +([^ ]+)$/i.exec(value)?.[1] : undefined
}

/** The payload of a JWS in compact form (RFC 7515, section 7.1); undefined for what is none. */
function payloadOf(token: string | undefined): Mapping | undefined {
  const parts = token?.split('.') ?? []
  const [, payload = ''] = parts
  if (parts.length !== 3) return undefined
  const value = parsed(Buffer.from(payload, 'base64url').toString('utf8'))
  return isMapping(value) ? withScopes(value) : undefined
}

/** `normalize_payload_in_metadata`: Istio has these two split at blanks. */
function withScopes(payload: Mapping): Mapping {
  const split = (value: unknown): unknown =>
    typeof value === 'string' ? value.split(' ').filter(Boolean) : value
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      name,
      name === 'scope' || name === 'permission' ? split(value) : value,
    ]),
  )
}

function parsed(text: string): PropertyValue | undefined {
  try {
    return JSON.parse(text) as PropertyValue
  } catch {
    return undefined
  }
}
