/** Where the patterns are that may cover a value: a host, a method, a path, what is sent of a header. */
import { DOT, SLASH } from '../bytes/ascii'
import { nextOf } from '../bytes/bit-set'
import { hashOctet, hashOctets, hashStart } from '../bytes/hash'
import { ABSENT, Slice, endOf, indexOf, isPresent, lenOf, ptrOf, slice } from '../bytes/slice'
import {
  Field,
  HeaderKind,
  LONGEST_CONDITION,
  PathShape,
  Pattern,
  RuleIndex,
  headerAt,
  segmentHash,
  subjectOf,
} from '../config/rule-index'
import { HOST_MAX } from '../http/authority'
import { PATH_SEGMENTS_MAX } from '../http/path-pattern'
import { look } from './candidates'

// A last slash has an empty segment behind it.
// @ts-ignore: decorator
@inline
const MOST_SEGMENTS: u32 = PATH_SEGMENTS_MAX + 1

// Words of HeaderName.prefixes.
// @ts-ignore: decorator
@inline
const PREFIX_WORDS: u32 = LONGEST_CONDITION >> 6

// u32[65]: what each segment adds to a path's hash. u32[66]: the sum of those before it.
const terms: usize = memory.data(65 * 4, 4)
const sums: usize = memory.data(66 * 4, 4)

/** A host or a service: `*`, each suffix from a dot on, and the whole. */
export function lookForHost(index: RuleIndex, field: Field, host: Slice): void {
  if (!isPresent(host)) return
  let hash = hashStart(field)
  look(index, field, hash, host)
  if (lenOf(host) > HOST_MAX) return
  for (let at = endOf(host); at > ptrOf(host);) {
    const octet = load<u8>(--at)
    hash = hashOctet(hash, octet)
    if (octet == DOT) look(index, field, hash, host)
  }
  look(index, field, hash, host)
}

export function lookForMethod(index: RuleIndex, method: Slice): void {
  if (!isPresent(method)) return
  look(index, Field.Method, hashOctets(hashStart(Field.Method), ptrOf(method), endOf(method)), method)
}

/** A normalised path: for each shape, the patterns whose literal segments are those of the path. */
export function lookForPath(index: RuleIndex, path: Slice): void {
  if (!isPresent(path)) return
  const segments = hashSegments(path)
  for (let at = changetype<usize>(index.shapes); at != 0;) {
    const pattern = changetype<Pattern>(at)
    const shape = changetype<PathShape>(ptrOf(pattern.text))
    if (shape.segments == segments || (shape.open == 1 && shape.segments < segments))
      look(index, Field.Path, pattern.hash + literalHash(shape), path)
    at = pattern.rules
  }
}

function hashSegments(path: Slice): u32 {
  let segments: u32 = 0
  let sum: u32 = 0
  const pathEnd = endOf(path)
  for (let at = ptrOf(path); at < pathEnd && segments < MOST_SEGMENTS; segments++) {
    const end = indexOf(at + 1, pathEnd, SLASH)
    const term = segmentHash(segments, at + 1, end)
    store<u32>(terms + (segments << 2), term)
    store<u32>(sums + (segments << 2), sum)
    sum += term
    at = end
  }
  store<u32>(sums + (segments << 2), sum)
  return segments
}

/** The sum over the segments that are literal in the shape. */
function literalHash(shape: PathShape): u32 {
  let hash = load<u32>(sums + (shape.segments << 2))
  for (let wild = shape.wild; wild != 0; wild &= wild - 1)
    hash -= load<u32>(terms + ((<usize>ctz(wild)) << 2))
  return hash
}

/** A header by its entries: ABSENT, SEVERAL, or the value of the only one, for itself and for each prefix. */
export function lookForHeader(index: RuleIndex, field: u32, value: Slice): void {
  let hash = hashStart(field)
  look(index, subjectOf(field, value == ABSENT ? HeaderKind.Absent : HeaderKind.Present), hash, ABSENT)
  if (!isPresent(value)) return
  let at = ptrOf(value)
  const prefixes = headerAt(index, field - Field.Header).prefixes
  let length = prefixes == 0 ? 0 : nextOf(prefixes, 0, PREFIX_WORDS) + 1
  while (length > 0 && <u32>length <= lenOf(value)) {
    const prefix = slice(ptrOf(value), length)
    hash = hashOctets(hash, at, endOf(prefix))
    at = endOf(prefix)
    look(index, subjectOf(field, HeaderKind.Prefix), hash, prefix)
    length = nextOf(prefixes, length, PREFIX_WORDS) + 1
  }
  if (lenOf(value) > LONGEST_CONDITION) return
  look(index, subjectOf(field, HeaderKind.Exact), hashOctets(hash, at, endOf(value)), value)
}
