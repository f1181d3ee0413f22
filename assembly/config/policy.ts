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
  /** `observe.instance`, part of every metric's name. */
  instance: Slice
  /** `observe.debugHeader`; null: nobody may ask how a request was decided. */
  debug: DebugPolicy | null
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
  /** What follows `name=value` in Set-Cookie, e.g. `; Max-Age=28800; Path=/; HttpOnly; SameSite=Lax`. */
  attributes: Slice
  /** The same with `; Secure`. Equal to `attributes` where `secure` is Never. */
  attributesSecure: Slice
  secure: Secure
  /** `cookie.renew: always`: Set-Cookie on every answer. */
  renewAlways: bool
  readOnly: bool
  mintSkip: bool
  /** Slice[]: upper-case methods that may mint; none listed: all but OPTIONS, TRACE and CONNECT. */
  methods: usize
  methodCount: u32
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
