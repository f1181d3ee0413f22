import { CompactSign, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { HttpFilter } from '../../demo/envoy-bootstrap.ts'

const ISSUER = 'https://issuer.example.com'

/** Signs tokens, and the filter that verifies them. */
export interface Issuer {
  /** A token with these claims, valid for an hour. */
  readonly sign: (claims: Record<string, unknown>) => Promise<string>
  /** A token with this text as its payload, be it what it may. */
  readonly signText: (payload: string) => Promise<string>
  /** What Istio makes of a RequestAuthentication with one rule for this issuer. */
  readonly jwtAuthn: HttpFilter
}

/**
 * An issuer with a new key. `payload` is where the filter leaves verified claims: the default is the name that Istio
 * gives (EnvoyJwtFilterPayload).
 */
export async function createIssuer(payload = 'payload'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }
  return {
    sign: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'test' })
        .setIssuer(ISSUER)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
    signText: (payload) =>
      new CompactSign(Buffer.from(payload))
        .setProtectedHeader({ alg: 'ES256', kid: 'test' })
        .sign(privateKey),
    jwtAuthn: {
      name: 'envoy.filters.http.jwt_authn',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
        providers: {
          'origins-0': {
            issuer: ISSUER,
            local_jwks: { inline_string: JSON.stringify({ keys: [jwk] }) },
            payload_in_metadata: payload,
            normalize_payload_in_metadata: { space_delimited_claims: ['permission', 'scope'] },
          },
        },
        rules: [
          {
            match: { prefix: '/' },
            // A request without a token passes, one with a bad token does not.
            requires: {
              requires_any: { requirements: [{ provider_name: 'origins-0' }, { allow_missing: {} }] },
            },
          },
        ],
        bypass_cors_preflight: true,
      },
    },
  }
}
