import type { Issuer } from '../envoy/jwt-authn.ts'
import { connectionManager, type Golden } from './golden.ts'

interface JwtAuthn {
  readonly typed_config: { readonly providers: { readonly 'origins-0': { local_jwks: unknown } } }
}

/** Lets a gateway verify this issuer's tokens: the golden file has a key that nobody can sign with any more. */
export function verifyFor(issuer: Issuer, golden: Golden): void {
  const ours = issuer.jwtAuthn as unknown as JwtAuthn
  const theirs = connectionManager(golden).http_filters.find(
    ({ name }) => name === 'envoy.filters.http.jwt_authn',
  ) as unknown as JwtAuthn | undefined
  if (theirs === undefined) throw new Error('nothing verifies tokens')
  theirs.typed_config.providers['origins-0'].local_jwks = ours.typed_config.providers['origins-0'].local_jwks
}
