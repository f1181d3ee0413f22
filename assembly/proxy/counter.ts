/**
 * What Mooring counts: a public contract, described in docs/metrics.md. The order of names is the order of the enum.
 * A name never changes its meaning; a closed set, so that cardinality is bounded whatever is sent.
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
  CookieSet,
  CookieWithheld,
  KeySession,
  KeyCookie,
  KeyHeader,
  KeyQuery,
  KeyClaim,
  KeyAddress,
  KeyConstant,
  KeyAll,
  KeyNone,
  KeyRejected,
  SourceAbsent,
  SourceMalformed,
  SourceTooLarge,
  SourceUnreadable,
  MatchUnreadable,
  WriteRefused,
  PassedThrough,
}

/** How many there are. */
// @ts-ignore: decorator
@inline
export const COUNTERS: u32 = 30

/** The last segment of each metric's name, without the product's prefix. */
export const COUNTER_NAMES: StaticArray<string> = [
  'requests',
  'requests_skipped',
  'requests_shadowed',
  'session_none',
  'session_valid',
  'session_minted',
  'session_replaced',
  'session_malformed',
  'session_read_only',
  'session_unreadable',
  'session_exhausted',
  'cookie_set',
  'cookie_withheld',
  'key_session',
  'key_cookie',
  'key_header',
  'key_query',
  'key_claim',
  'key_address',
  'key_constant',
  'key_all',
  'key_none',
  'key_rejected',
  'source_absent',
  'source_malformed',
  'source_too_large',
  'source_unreadable',
  'match_unreadable',
  'write_refused',
  'passed_through',
]
