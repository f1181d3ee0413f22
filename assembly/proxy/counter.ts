import { ascii } from '../bytes/literal'
import { Slice } from '../bytes/slice'

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
  CookieSet,
  CookieWithheld,
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
export const COUNTERS: u32 = 34

/** The last segment of the metric's name, without the product's prefix. */
export function counterName(counter: Counter): Slice {
  switch (counter) {
    case Counter.Requests:
      return ascii('requests')
    case Counter.RequestsSkipped:
      return ascii('requests_skipped')
    case Counter.RequestsShadowed:
      return ascii('requests_shadowed')
    case Counter.SessionNone:
      return ascii('session_none')
    case Counter.SessionValid:
      return ascii('session_valid')
    case Counter.SessionMinted:
      return ascii('session_minted')
    case Counter.SessionReplaced:
      return ascii('session_replaced')
    case Counter.SessionMalformed:
      return ascii('session_malformed')
    case Counter.SessionReadOnly:
      return ascii('session_read_only')
    case Counter.SessionUnreadable:
      return ascii('session_unreadable')
    case Counter.SessionExhausted:
      return ascii('session_exhausted')
    case Counter.CookieSet:
      return ascii('cookie_set')
    case Counter.CookieWithheld:
      return ascii('cookie_withheld')
    case Counter.KeySession:
      return ascii('key_session')
    case Counter.KeyCookie:
      return ascii('key_cookie')
    case Counter.KeyHeader:
      return ascii('key_header')
    case Counter.KeyQuery:
      return ascii('key_query')
    case Counter.KeyClaim:
      return ascii('key_claim')
    case Counter.KeyAddress:
      return ascii('key_address')
    case Counter.KeyConstant:
      return ascii('key_constant')
    case Counter.KeyPath:
      return ascii('key_path')
    case Counter.KeyAuthority:
      return ascii('key_authority')
    case Counter.KeyMethod:
      return ascii('key_method')
    case Counter.KeyGrpc:
      return ascii('key_grpc')
    case Counter.KeyAll:
      return ascii('key_all')
    case Counter.KeyNone:
      return ascii('key_none')
    case Counter.KeyRejected:
      return ascii('key_rejected')
    case Counter.SourceAbsent:
      return ascii('source_absent')
    case Counter.SourceMalformed:
      return ascii('source_malformed')
    case Counter.SourceTooLarge:
      return ascii('source_too_large')
    case Counter.SourceUnreadable:
      return ascii('source_unreadable')
    case Counter.MatchUnreadable:
      return ascii('match_unreadable')
    case Counter.WriteRefused:
      return ascii('write_refused')
    default:
      return ascii('passed_through')
  }
}
