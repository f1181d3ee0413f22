/**
 * The compiled policy: what `configure` leaves behind, and all that a request reads of the configuration.
 *
 * One root context owns one block; every pointer and every slice below points into it, so freeing the block frees
 * the policy. Lists are contiguous; a count of 0 has no list.
 *
 *     Policy | Rule[ruleCount] | Plan ... | SessionPolicy ... | KeyPolicy ... | Source[] ... | RuleIndex | texts
 *       |         |               ^
 *       +- top ---+--- plan ------+      a rule's plan is complete: what it inherits is merged already
 *
 * Plans that inherit a whole part share it: `session`, `key` and `from` may be pointed at more than once.
 */
import { Slice } from '../bytes/slice'
import { RuleIndex } from './rule-index'

/** Bytes of one slice in a list. */
// @ts-ignore: decorator
@inline
export const SLICE_BYTES: u32 = 8


@unmanaged
export class Policy {
  /** Applies where no rule matches. Null: pass through, do nothing but remove `keyHeaders`. */
  top: Plan | null
  rules: usize
  ruleCount: u32
  /** Slice[]: every key header name of every plan, lower-case, each once. No client's value survives. */
  keyHeaders: usize
  keyHeaderCount: u32
  /** Which rules a request matches; null where there are none. */
  index: RuleIndex | null
  /**
   * `session.persistence`: the header that has Envoy's token for a pod, lower-case; one of `keyHeaders`. ABSENT: sessions
   * follow the hash alone.
   */
  podHeader: Slice
  /** `observe.instance`, part of every metric's name. */
  instance: Slice
  /** `observe.debugHeader`; null: nobody may ask how a request was decided. */
  debug: DebugPolicy | null
  /** There is a `session.signing`, and so many of its keys have no secret in the environment. */
  signs: bool
  missingKeys: u32
}


@unmanaged
export class DebugPolicy {
  /** Lower-case: the answer's header that explains. */
  name: Slice
  /** Lower-case: the request's header that carries the token. */
  whenHeader: Slice
  /** HMAC-SHA256 key schedules (crypto/hmac.ts) for the HKDF purposes `debug` and `fingerprint` of the token. */
  hmac: usize
  fingerprint: usize
  /** The token's HMAC under `hmac`, 32 bytes: the token itself is not kept. */
  tag: usize
}


@unmanaged
export class Rule {
  /** Unique; for counters. */
  name: Slice
  plan: Plan
}

export enum Mode {
  Enforce = 0,
  Shadow = 1,
}

/** What is to be done with a request: complete, nothing left to inherit. */
@unmanaged
export class Plan {
  mode: Mode
  /** Null: no cookie is minted, read or touched. */
  session: SessionPolicy | null
  /** Null: no key header is written. */
  key: KeyPolicy | null
  /** Sooner or later all headers are read at once: then nothing need be asked for before. */
  readsHeaders: bool
}

export enum Secure {
  Never = 0,
  Always = 1,
  /** As the scheme that the client used. */
  Auto = 2,
}


@unmanaged
export class SessionPolicy {
  name: Slice
  /** What follows `name=value` in Set-Cookie but for Max-Age and Secure, e.g. `; Path=/; HttpOnly; SameSite=Lax`. */
  attributes: Slice
  /** The same with `; Secure`. Equal to `attributes` where `secure` is Never. */
  attributesSecure: Slice
  /** Seconds, for Max-Age; 0: the cookie goes with the browser session. Of a signed session see Signing. */
  ttl: u32
  secure: Secure
  /** Browsers leave the cookie out of what other sites send: see session/occasion.ts. */
  sameSite: SameSite
  /** `cookie.renew: always`: Set-Cookie on every answer. */
  renewAlways: bool
  readOnly: bool
  onInvalid: OnInvalid
  /** The request's cookie goes no further than the router's hash key. */
  hideFromUpstream: bool
  mintSkip: bool
  /** Connections without a cookie share a session: `mint.scope`. */
  perConnection: bool
  onCacheable: OnCacheable
  onLocalReply: bool
  /** The cookie's domain without its dot; ABSENT: whatever host set it. */
  domain: Slice
  /** Slice[]: upper-case methods that may mint; none listed: all but OPTIONS, TRACE and CONNECT. */
  methods: usize
  methodCount: u32
  /** Adopted[]: cookies of others whose value becomes the id. */
  adopted: usize
  adoptedCount: u32
  /** An HMAC-SHA256 key schedule for HKDF purpose `adopt`, or 0: unkeyed. */
  adopt: usize
  /** Null: the cookie's value is the id. */
  signing: Signing | null
  /** `application`: whose session it is, and if the application's, what carries it; `name` is the carrier's then. */
  carrier: Carrier
  /** A suffix that does not verify is answered with 404. */
  notFound: bool
  /** The application's cookie that Mooring's own lives as long as; ABSENT: it lives by itself. */
  follows: Slice
  /** Answers may have to set the cookie though nothing is due: they name another pod, or set what is followed. */
  watches: bool
}

export enum Carrier {
  /** Mooring's own cookie. */
  Own = 0,
  /** The application's. */
  Cookie = 1,
  /** The application's, in requests and answers, lower-case. */
  Header = 2,
}

export enum SameSite {
  Strict = 0,
  Lax = 1,
  None = 2,
}

/** What becomes of a session cookie that does not verify or has no form. */
export enum OnInvalid {
  /** A new session takes its place. */
  Replace = 0,
  /** The request has no session. */
  Ignore = 1,
  /** A forged one is answered with 403. */
  Reject = 2,
}

/** Whether an answer that caches may share sets the cookie. */
export enum OnCacheable {
  Omit = 0,
  MarkPrivate = 1,
}


@unmanaged
export class Adopted {
  name: Slice
  /** The Set-Cookie that deletes it; ABSENT: it stays with the client. */
  deletion: Slice
}

/** All times in seconds; 0 is none. */
@unmanaged
export class Signing {
  /** SigningKey[]: the first signs, all verify. */
  keys: usize
  keyCount: u32
  idleTimeout: i64
  absoluteTimeout: i64
  clockSkew: i64
  /** Seconds since 1970 until which a value that is no token counts. */
  acceptUnsignedUntil: i64
}


@unmanaged
export class SigningKey {
  id: Slice
  /**
   * What is signed before the id: version, kid, the cookie's name and the audience, each with its length. Of the
   * application's session what is signed before its value: behind the kid stands `cookie` or `header`.
   */
  signed: Slice
  /** HMAC-SHA256 key schedules for the HKDF purposes `token`, `successor` and `wrap`. */
  token: usize
  successor: usize
  wrap: usize
  /** Those for `seal-enc` and `seal-mac`; 0 without `persistence`: then nothing is sealed, and no seal is opened. */
  sealCipher: usize
  sealMac: usize
}

export enum KeyFormat {
  Hash = 0,
  Raw = 1,
}

export enum OnNone {
  Balance = 0,
  Reject = 1,
}


@unmanaged
export class KeyPolicy {
  /** Lower-case header name. */
  header: Slice
  format: KeyFormat
  onNone: OnNone
  /** An HMAC-SHA256 key schedule (crypto/hmac.ts) for HKDF purpose `key`, or 0: unkeyed hash. */
  hmac: usize
  /** Source[]: tried in order. */
  from: usize
  fromCount: u32
  /** Slice[]: patterns of SPIFFE ids (http/peer-pattern.ts); a peer that matches one brings the key along. */
  trustedPeers: usize
  trustedPeerCount: u32
  /** `bind: session`: the first key that a session gets stays with it. */
  bound: bool
}

export enum SourceKind {
  Session = 0,
  Cookie = 1,
  Header = 2,
  Query = 3,
  Claim = 4,
  Address = 5,
  Constant = 6,
  Path = 7,
  Authority = 8,
  Method = 9,
  Grpc = 10,
  Peer = 11,
  ForwardedClientCert = 12,
  All = 13,
  FirstOf = 14,
}

export enum ClaimType {
  String = 0,
  Number = 1,
  Boolean = 2,
  List = 3,
}

/** In the order of config/check/transform.ts. */
export enum TransformKind {
  Trim = 0,
  Lower = 1,
  Upper = 2,
  Unquote = 3,
  PercentDecode = 4,
  Base64Decode = 5,
  McpDecode = 6,
  First = 7,
  Last = 8,
  Split = 9,
  Capture = 10,
}


@unmanaged
export class Transform {
  kind: TransformKind
  /** First, Last: how many octets. Split: which piece, from the first, 0, or from the last, -1. */
  count: i32
  /** Split: what stands between pieces, not empty. Capture: the pattern. */
  text: Slice
}


@unmanaged
export class Source {
  kind: SourceKind
  /** Claim only. */
  claimType: ClaimType
  /** What stands before the value in the key's encoding, e.g. `claim:/sub`, `session`, or `as:user`. */
  label: Slice
  /**
   * Cookie, Query: the name. Header: the lower-case name. Constant: the value. Path: the template.
   * Claim: the property path, segments separated by NUL:
   * `metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0payload\0sub`; of an unverified one the claim's names
   * alone, NUL before each: `\0sub`. Peer: the property path of the field. ForwardedClientCert: the key, lower-case.
   */
  name: Slice
  /**
   * Header, ForwardedClientCert: the property path `request\0headers\0<name>`, whose value joins every entry with a
   * comma.
   */
  path: Slice
  /** Header `repeated: join`: several entries are one value, joined with a comma; otherwise they yield nothing. */
  join: bool
  /** Query `decode: true`: %XX and + are decoded. */
  decode: bool
  /** Address: how many leading bits count, 0 to 32 and 0 to 128. */
  ipv4Prefix: u8
  ipv6Prefix: u8
  /** Grpc: which part of the call. Peer, ForwardedClientCert: which part of a SPIFFE id, a SpiffePart. */
  part: u8
  /** ForwardedClientCert: how many elements there must be, 0 any number. */
  hops: u8
  /** ForwardedClientCert: from the first element, 0, or from the last, -1. */
  element: i32
  /** Claim: the Header, Query or Cookie whose text is a token that nobody has verified. Null: a verified claim. */
  token: Source | null
  /** Transform[]: in order, each on what the one before left. */
  transforms: usize
  transformCount: u32
  /** Where this source yields nothing there is no key: no later source is tried. */
  required: bool
  /** FirstOf, All: Source[]. */
  children: usize
  childCount: u32
}
