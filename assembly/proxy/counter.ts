import { Slice } from '../bytes/slice'
import { Words, wordAt, words } from '../bytes/words'

/**
 * What Mooring counts: a public contract, described in docs/metrics.md. A name never changes its meaning; a closed
 * set, so that cardinality is bounded whatever is sent.
 */
export enum Counter {
  Requests,
  RequestsSkipped,
  RequestsShadowed,
  SessionNone,
  SessionValid,
  SessionMinted,
  SessionReplaced,
  SessionMalformed,
  SessionReadOnly,
  SessionUnreadable,
  SessionExhausted,
  SessionRenewed,
  SessionAdopted,
  SessionRejected,
  SessionDomainMismatch,
  // Why a cookie was refused, in the order of session/token.ts's verdicts.
  SessionUnknownKey,
  SessionExpiredIdle,
  SessionExpiredAbsolute,
  SessionForged,
  SessionMintedInsecure,
  CookieSet,
  CookieWithheld,
  CookieOmitted,
  CookieDuplicate,
  // The kinds of sources that yield a value, in the order of config/policy.ts.
  KeySession,
  KeyCookie,
  KeyHeader,
  KeyQuery,
  KeyClaim,
  KeyAddress,
  KeyConstant,
  KeyPath,
  KeyAuthority,
  KeyMethod,
  KeyGrpc,
  KeyPeer,
  KeyForwardedClientCert,
  KeyAll,
  KeyInbound,
  KeyBound,
  KeyNone,
  KeyRejected,
  SourceAbsent,
  SourceMalformed,
  SourceTooLarge,
  SourceUnreadable,
  MatchUnreadable,
  WriteRefused,
  PassedThrough,
  DebugShown,
  DebugRefused,
  ApplicationWrapped,
  ApplicationBare,
  ApplicationTooLong,
  PodMoved,
  PodRefused,
}

/** How many there are. */
// @ts-ignore: decorator
@inline
export const COUNTERS: u32 = 56

// In the order of the enumeration.
const NAMES: Words = words(
  'requests requests_skipped requests_shadowed ' +
    'session_none session_valid session_minted session_replaced session_malformed session_read_only ' +
    'session_unreadable session_exhausted session_renewed session_adopted session_rejected ' +
    'session_domain_mismatch session_unknown_key session_expired_idle session_expired_absolute session_forged ' +
    'session_minted_insecure ' +
    'cookie_set cookie_withheld cookie_omitted cookie_duplicate ' +
    'key_session key_cookie key_header key_query key_claim key_address key_constant key_path ' +
    'key_authority key_method key_grpc key_peer key_forwarded_client_cert key_all key_inbound key_bound key_none ' +
    'key_rejected ' +
    'source_absent source_malformed source_too_large source_unreadable match_unreadable ' +
    'write_refused passed_through debug_shown debug_refused ' +
    'application_wrapped application_bare application_too_long ' +
    'pod_moved pod_refused',
)

/** The last segment of the metric's name, without the product's prefix. */
export function counterName(counter: Counter): Slice {
  return wordAt(NAMES, counter)
}
