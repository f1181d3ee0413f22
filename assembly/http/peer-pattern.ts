/**
 * Patterns of SPIFFE ids (http/spiffe.ts), for peers that are believed:
 *
 *     pattern = "spiffe://" trust-domain 1*( "/" segment )        at most 64 segments
 *     segment = "*"                                                any one segment
 *             | "**"                                               the rest, none included; only last
 *             | a SPIFFE id's segment                              itself
 *
 * The trust domain is literal: whose certificates are good is not left open.
 */
import { Slice, equals } from '../bytes/slice'
import { matchPath } from './path'
import { isSpiffeId, spiffeDomain, spiffePath } from './spiffe'

/** True if `pattern` may be given to `matchPeer`. */
export function isPeerPattern(pattern: Slice): bool {
  return isSpiffeId(pattern, true)
}

/** True if the URI is a SPIFFE id that the pattern, which has no error, covers. Nothing is decoded or normalised. */
export function matchPeer(pattern: Slice, uri: Slice): bool {
  return equals(spiffeDomain(uri), spiffeDomain(pattern)) && matchPath(spiffePath(pattern), spiffePath(uri))
}
