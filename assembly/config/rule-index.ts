/**
 * The index of a policy's rules: which of them a request can match, at a cost that hardly grows with their number.
 *
 * It is the bit-vector scheme of packet classification (Lakshman and Stiliadis, SIGCOMM 1998): for each field a set of
 * the rules that do not ask for it or have a pattern that covers the request's value; what is in all sets matches, and
 * the first of those decides. Each pattern is in the index once, with the rules that have it:
 *
 *     places    | Pattern | 0 | 0 | Pattern | ..    open addressing, half full at most but for shapes; a pattern stands
 *                  |                                at the place of its hash or after it, before the next free one
 *                  +-> rules: u16[count], few of them, or a set of rules
 *
 *     asking    | set | set | set | ..              per Field: rules that ask for it. A set has a bit for each rule
 *     eligible  | set |                             rules that apply in the proxy's namespace
 *
 * A request's value is looked up once for each way in which a pattern could cover it: a host for itself, for each of
 * its suffixes and for `*`; a header's value for itself and for each length that a prefix has; a path for each shape
 * that a pattern has (tuple-space search: Srinivasan, Suri and Varghese, SIGCOMM 1999). So a client buys with the
 * bytes of its host, path and headers a bounded number of looks: 257 for a host, 1 for each shape, 1,026 for a header.
 * A hash only says where to look; what is found is compared (filter/candidates.ts).
 */
import { Slice } from '../bytes/slice'
import { hashOctet, hashOctets, hashStart } from '../bytes/hash'
import { Words } from '../bytes/words'

/** What a rule may ask for. From Header on: each header name by itself, in the order of `RuleIndex.headers`. */
export enum Field {
  Host = 0,
  Service = 1,
  Method = 2,
  Path = 3,
  Header = 4,
}

/** Header names over all rules. */
// @ts-ignore: decorator
@inline
export const MOST_HEADERS: u32 = 32

/** How many fields there may be. */
// @ts-ignore: decorator
@inline
export const FIELDS: u32 = 4 + MOST_HEADERS

/** What a condition says of a header: in the order of config/check/match-header.ts, and what `present: false` says. */
export enum HeaderKind {
  Exact = 0,
  Prefix = 1,
  Present = 2,
  Absent = 3,
}

/** Bytes of the longest text of a header condition: 256 characters of UTF-8. */
// @ts-ignore: decorator
@inline
export const LONGEST_CONDITION: u32 = 1024

/** What a pattern is about: a field, and of a header what its text says. */
// @ts-ignore: decorator
@inline
export function subjectOf(field: u32, kind: HeaderKind): u32 {
  return field | (kind << 8)
}

/** The subject of a path's shape, which stands among the patterns so that each shape is there once. */
// @ts-ignore: decorator
@inline
export const SHAPE: u32 = 0xff

/** Up to so many rules are a list, more are a set. */
// @ts-ignore: decorator
@inline
export const MOST_LISTED: u32 = 8


@unmanaged
export class Pattern {
  hash: u32
  subject: u32
  /** As written, but for captures of a path, which are `*` here. Of a shape its PathShape. */
  text: Slice
  /** u16[count], or a set of rules. Of a shape: the one before it, 0 if it is the first. */
  rules: usize
  count: u32
}

/** The form that path patterns share: how many segments, which of them are literal, and whether more may follow. */
@unmanaged
export class PathShape {
  /** Bit i: segment i may be any. */
  wild: u64
  /** Without a last `**`. */
  segments: u32
  /** 1: a last `**`. */
  open: u32
}


@unmanaged
export class HeaderName {
  /** Lower-case. */
  name: Slice
  /** A set of how many bytes its prefixes have, less one; 0 if it has none. */
  prefixes: usize
}


@unmanaged
export class RuleIndex {
  /** Words of a set of rules. */
  words: u32
  /** The places less one. */
  mask: u32
  places: usize
  eligible: usize
  /** Sets of rules, one for each field. */
  asking: usize
  /** Bit f: some rule asks for field f. What no rule needs is never read. */
  asked: u64
  /** The last shape; `rules` leads to the others. */
  shapes: Pattern | null
  /** HeaderName[] */
  headers: usize
  headerCount: u32
  /** What some rule asks for could not be read while configuring. */
  unreadable: bool
  /** u32[32]: bit h of word l: header h has a name of l bytes, modulo 32. */
  headersByLength: usize
}

// @ts-ignore: decorator
@inline
export function asks(index: RuleIndex, field: u32): bool {
  return ((index.asked >> field) & 1) != 0
}

/** The set of `field` among sets that stand side by side. */
// @ts-ignore: decorator
@inline
export function setOf(index: RuleIndex, sets: usize, field: u32): usize {
  return sets + ((field * index.words) << 3)
}

// @ts-ignore: decorator
@inline
export function headerAt(index: RuleIndex, header: u32): HeaderName {
  return changetype<HeaderName>(index.headers + header * offsetof<HeaderName>())
}

/** The hash of a host, a service or a suffix of one: from its end, so that one walk passes those of all suffixes. */
export function hashBackwards(hash: u32, from: usize, to: usize): u32 {
  while (to > from) hash = hashOctet(hash, load<u8>(--to))
  return hash
}

/** What segment number `position` of a path adds to the path's hash. */
export function segmentHash(position: u32, from: usize, to: usize): u32 {
  return hashOctets(hashStart(position), from, to)
}
